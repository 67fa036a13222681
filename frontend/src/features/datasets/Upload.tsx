import { Button, NativeSelect, Progress, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { Problem, type Shape } from '../../api/client'
import { fieldsOf, sendFile, type UploadOptions } from '../../api/upload'
import { AsCommand } from '../../parts/AsCommand'
import { ProblemNote } from '../../parts/ProblemNote'
import { bytes } from '../../parts/words'
import { type Columns, peek } from './columns'
import { FileDrop } from './FileDrop'
import { RowErrors } from './RowErrors'
import classes from './Upload.module.css'

const route = getRouteApi('/datasets/new')
const PARTS = [
  { part: 'prompt', label: 'Prompt' },
  { part: 'reasoning', label: 'Reasoning' },
  { part: 'final_answer', label: 'Answer' },
  { part: 'completion', label: 'Reasoning and answer in one' },
] as const

/** The first step: a file, which of its columns is what, and its way to the service. */
export function Upload() {
  const [file, setFile] = useState<File | null>(null)
  const [columns, setColumns] = useState<Columns | null>(null)
  const choose = async (chosen: File) => {
    setColumns(await peek(chosen))
    setFile(chosen)
  }
  return (
    <>
      <FileDrop chosen={file?.name} onFile={(chosen) => void choose(chosen)} />
      {file ? (
        <Sending key={`${file.name} ${file.lastModified.toString()} ${file.size.toString()}`} file={file} columns={columns} />
      ) : (
        <p className="quiet">
          Or{' '}
          <Link to="/datasets/new" search={{ upload: 'all' }}>
            build from the traces that are here
          </Link>
          .
        </p>
      )}
    </>
  )
}

function Sending({ file, columns }: { file: File; columns: Columns | null }) {
  const navigate = route.useNavigate()
  const queries = useQueryClient()
  const [mapping, setMapping] = useState<Record<string, string>>({})
  const [license, setLicense] = useState('')
  const [skip, setSkip] = useState(false)
  const [sent, setSent] = useState(0)
  const abort = useRef(new AbortController())
  const named = Object.fromEntries(Object.entries(mapping).filter(([, column]) => column))
  const options: UploadOptions = {
    on_error: skip ? 'skip' : 'fail',
    ...(license.trim() && { license: license.trim() }),
    ...(Object.keys(named).length > 0 && { mapping: named }),
  }
  const sending = useMutation({
    mutationFn: () => sendFile(file, options, setSent, abort.current.signal),
    onSuccess: async ({ upload_id }) => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['traces'] }), queries.invalidateQueries({ queryKey: ['uploads'] })])
      await navigate({ search: { upload: upload_id } })
    },
  })
  const rows = sending.error instanceof Problem ? sending.error.errors.filter((error) => 'row' in error && 'fix' in error) : []
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        setSent(0)
        sending.mutate()
      }}
    >
      <section className="card stack">
        <h2 className="prose">
          {file.name} <span className="quiet">{bytes(file.size)}</span>
        </h2>
        {columns ? (
          <>
            <ul className={`plain-list ${classes.columns ?? ''}`} aria-label="Columns of the first row">
              {Object.entries(columns).map(([name, value]) => (
                <li key={name}>
                  <b className="mono">{name}</b>{' '}
                  <span className="quiet" dir="auto">
                    {value}
                  </span>
                </li>
              ))}
            </ul>
            <div className="fields">
              {PARTS.map(({ part, label }) => (
                <NativeSelect
                  key={part}
                  label={label}
                  value={mapping[part] ?? ''}
                  data={[{ value: '', label: Object.values(mapping).some(Boolean) ? 'not there' : 'found by itself' }, ...Object.keys(columns)]}
                  onChange={(event) => {
                    const { value } = event.currentTarget
                    setMapping((before) => ({ ...before, [part]: value }))
                  }}
                />
              ))}
            </div>
            <p className="quiet small">Known schemas are found by themselves. If yours is not, name the column of the prompt, of the answer, and of the reasoning.</p>
          </>
        ) : (
          <p className="quiet small">The columns of this kind of file are read by the service.</p>
        )}
        <div className="fields">
          <TextInput
            label="Licence of rows that state none"
            placeholder="such as MIT or CC-BY-4.0"
            maxLength={128}
            value={license}
            onChange={(event) => {
              setLicense(event.currentTarget.value)
            }}
          />
          <Switch
            label="Leave bad rows out"
            description="Otherwise one bad row stops the upload"
            checked={skip}
            onChange={(event) => {
              setSkip(event.currentTarget.checked)
            }}
          />
        </div>
      </section>
      {sending.error && <ProblemNote problem={rows.length > 0 ? new Problem(422, 'Rows that cannot be used', sending.error.message) : sending.error} />}
      {rows.length > 0 && (
        <section className="card">
          <RowErrors errors={rows as Shape<'RowError'>[]} />
        </section>
      )}
      {sending.isPending && (
        <div role="status">
          <Progress value={100 * sent} animated={sent === 1} aria-label="Sent" />
          <p className="quiet small">{sent < 1 ? `${(100 * sent).toFixed(0)} % sent` : 'All is sent; the service checks each row.'}</p>
        </div>
      )}
      <div className="row">
        <Button type="submit" loading={sending.isPending}>
          Upload
        </Button>
        <AsCommand method="POST" path="/api/datasets/ingest" form={{ ...fieldsOf(options), file: `@${file.name}` }} />
      </div>
    </form>
  )
}
