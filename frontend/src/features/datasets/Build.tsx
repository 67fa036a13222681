import { Button, NumberInput, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Facts } from '../../parts/Facts'
import { Asked } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { bytes, whole } from '../../parts/words'
import { uploadOptions } from './asked'
import { Choose } from './Choose'
import { RowErrors } from './RowErrors'
import { selectionOf, type Take } from './selection'

const route = getRouteApi('/datasets/new')

/** The second step: what came of the upload, and how its traces become a dataset. */
export function Build({ upload }: { upload: string }) {
  return upload === 'all' ? <Settings suggested="traces" /> : <OfUpload upload={upload} />
}

function OfUpload({ upload }: { upload: string }) {
  const found = useQuery(uploadOptions(upload))
  return (
    <Asked query={found}>
      {(one) => (
        <>
          <Came upload={one} />
          {one.status === 'completed' && <Settings suggested={nameFrom(one.source_name)} />}
        </>
      )}
    </Asked>
  )
}

function Came({ upload }: { upload: Shape<'UploadDetail'> }) {
  return (
    <section className="card stack">
      <h2 className="prose">{upload.source_name}</h2>
      <Facts
        facts={{
          Status: upload.status,
          Schema: upload.schema_name,
          'Rows read': whole(upload.rows_read),
          'Traces kept': (
            <Link to="/traces" search={{ upload_id: upload.upload_id }}>
              {whole(upload.rows_inserted)}
            </Link>
          ),
          'Rows left out': whole(upload.rows_rejected),
          Size: bytes(upload.bytes),
        }}
      />
      {upload.detail && <p className="prose">{upload.detail}</p>}
      {upload.errors.length > 0 && <RowErrors errors={upload.errors} />}
    </section>
  )
}

function Settings({ suggested }: { suggested: string }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const search = route.useSearch()
  const [name, setName] = useState(suggested)
  const [version, setVersion] = useState('v1')
  const [valid, setValid] = useState<number | string>(5)
  const [most, setMost] = useState<number | string>('')
  const [skip, setSkip] = useState(false)
  const [take, setTake] = useState<Take>({ strategy: 'all', limit: 1000, seed: 0 })
  const body: Shape<'DatasetBuild'> = {
    ...selectionOf(search, take),
    dataset_name: name.trim(),
    dataset_version: version.trim(),
    valid_fraction: typeof valid === 'number' ? valid / 100 : 0.05,
    on_error: skip ? 'skip' : 'fail',
    near_duplicate: 0.85,
    test_fraction: 0,
    allow_contaminated: false,
    ...(typeof most === 'number' && { max_examples: most }),
  }
  const building = useMutation({
    mutationFn: () => unwrap(api.POST('/api/datasets/build', { body })),
    onSuccess: async ({ dataset_key }) => {
      await queries.invalidateQueries({ queryKey: ['datasets'] })
      await navigate({ to: '/datasets/$datasetKey', params: { datasetKey: dataset_key } })
    },
  })
  return (
    <>
      <Choose take={take} onTake={setTake} />
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          building.mutate()
        }}
      >
        <h2>A dataset of these traces</h2>
        <div className="fields">
          <TextInput
            label="Name"
            required
            withAsterisk={false}
            value={name}
            maxLength={64}
            onChange={(event) => {
              setName(event.currentTarget.value)
            }}
          />
          <TextInput
            label="Version"
            required
            withAsterisk={false}
            value={version}
            maxLength={32}
            onChange={(event) => {
              setVersion(event.currentTarget.value)
            }}
          />
          <NumberInput label="Held out for the validation loss" suffix=" %" min={0} max={90} value={valid} onChange={setValid} />
          <NumberInput label="Most rows" placeholder="all" min={1} allowDecimal={false} value={most} onChange={setMost} />
        </div>
        <Switch
          label="Leave rows out that cannot be trained on"
          checked={skip}
          onChange={(event) => {
            setSkip(event.currentTarget.checked)
          }}
        />
        <p className="quiet small">Duplicates go, rows that repeat an evaluation task are quarantined, and each is recorded with its reason.</p>
        {building.error && <ProblemNote problem={building.error} />}
        <div className="row">
          <Button type="submit" loading={building.isPending}>
            Build
          </Button>
          <AsCommand cli={`data build FILE --name ${name} --version ${version}`} method="POST" path="/api/datasets/build" body={body} />
        </div>
      </form>
    </>
  )
}

/** Return a dataset's name that suits a file's: small letters, digits and dashes. */
function nameFrom(source: string): string {
  return (
    source
      .replace(/\.(jsonl|ndjson|json|csv|parquet|gz|zst)/gi, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 48) || 'traces'
  )
}
