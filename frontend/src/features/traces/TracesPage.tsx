import { Button } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ColumnDef, RowSelectionState } from '@tanstack/react-table'
import { useState } from 'react'
import { api, Problem, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Confirmed } from '../../parts/Confirmed'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { TraceFilters } from '../../parts/TraceFilters'
import { counted, moment } from '../../parts/words'
import { Tag } from './Tag'
import { Tags } from './Tags'

type Trace = Shape<'TraceListed'>
const route = getRouteApi('/traces')
const AT_ONCE = 4
const FIRST = 100
const MORE = 500

const TAGS: ColumnDef<Trace> = { header: 'Tags', cell: ({ row }) => <Tags tags={row.original.tags} /> }
const COLUMNS: ColumnDef<Trace>[] = [
  {
    header: 'Prompt',
    meta: { wide: true },
    cell: ({ row: { original } }) => (
      <Link to="/traces/$traceId" params={{ traceId: original.id }} dir="auto" title={original.prompt}>
        {original.prompt}
      </Link>
    ),
  },
  {
    header: 'Answer',
    cell: ({ row }) => (
      <bdi title={row.original.final_answer}>{row.original.final_answer.slice(0, 40)}</bdi>
    ),
  },
  { header: 'Source', cell: ({ row }) => row.original.source ?? '–' },
  { header: 'Family', cell: ({ row }) => row.original.family ?? '–' },
  { header: 'Difficulty', cell: ({ row }) => row.original.difficulty ?? '–' },
  { header: 'Came in', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.created_at) },
]

/** All traces: searched, filtered, chosen, tagged, deleted. */
export function TracesPage() {
  const search = route.useSearch()
  const [selected, setSelected] = useState<RowSelectionState>({})
  const queries = useQueryClient()
  const traces = useInfiniteQuery({
    queryKey: ['traces', 'list', search],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/traces', { params: { query: { ...search, limit: pageParam ? MORE : FIRST, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    // comparing a hundred thousand rows with those before takes longer than drawing the few that are seen
    structuralSharing: false,
    refetchOnWindowFocus: false,
  })
  const chosen = Object.keys(selected)
  const columns = traces.data?.pages.some(({ data }) => data.some(({ tags }) => tags.length > 0)) ? [...COLUMNS, TAGS] : COLUMNS
  const onChanged = async () => {
    setSelected({})
    await queries.invalidateQueries({ queryKey: ['traces'] })
  }
  const filtered = Object.values(search).some(Boolean)
  const query = new URLSearchParams(Object.entries(search).flatMap(([name, value]) => (value ? [[name, value]] : []))).toString()
  return (
    <Page
      title="Traces"
      about="Prompts with the reasoning that leads to an answer: what models learn from."
      actions={
        <>
          <Button renderRoot={(props) => <Link to="/datasets/new" {...props} />}>Upload traces</Button>
          {filtered && (
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link to="/datasets/new" search={({ upload_id, ...filter }: typeof search) => ({ ...filter, upload: upload_id ?? 'all' })} {...props} />
              )}
            >
              Build from these
            </Button>
          )}
          <AsCommand path={`/api/traces${query ? `?${query}` : ''}`} />
        </>
      }
    >
      <Filters />
      {chosen.length > 0 && (
        <div className="card row">
          <b>{counted(chosen.length, 'trace')} selected</b>
          {chosen.length === 2 ? (
            <Button variant="light" renderRoot={(props) => <Link to="/traces/compare" search={{ a: chosen[0], b: chosen[1] }} {...props} />}>
              Compare
            </Button>
          ) : (
            chosen.length === 1 && <span className="quiet small">Choose one more to compare.</span>
          )}
          <Tag ids={chosen} onDone={onChanged} />
          <Confirmed
            name="Delete them"
            title={`Delete ${counted(chosen.length, 'trace')}?`}
            about="Their scores and ratings go with them. Datasets that were built with them keep their copies."
            act={() => deleteAll(chosen)}
            onDone={onChanged}
          />
          <Button
            variant="default"
            onClick={() => {
              setSelected({})
            }}
          >
            Select none
          </Button>
        </div>
      )}
      <Listed
        label="Traces"
        query={traces}
        columns={columns}
        rowId={({ id }) => id}
        selected={selected}
        onSelect={setSelected}
        nothing={
          filtered ? (
            <Nothing title="No trace is like that">
              <p>
                <Link to="/traces">Show all traces</Link>
              </p>
            </Nothing>
          ) : (
            <Nothing title="No traces yet">
              <p>
                <Link to="/datasets/new">Upload a file</Link>: JSON lines, JSON, CSV or Parquet, of any schema that is known here.
              </p>
            </Nothing>
          )
        }
      />
    </Page>
  )
}

/** Delete traces a few at a time; one that is gone already is gone. */
async function deleteAll(ids: string[]): Promise<void> {
  const left = [...ids]
  const work = async () => {
    for (let id = left.pop(); id; id = left.pop()) {
      await api.DELETE('/api/traces/{trace_id}', { params: { path: { trace_id: id } } }).catch((problem: unknown) => {
        if (!(problem instanceof Problem && problem.status === 404)) throw problem
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function Filters() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <TraceFilters
      value={search}
      onFilter={(change) => {
        void navigate({ search: (before) => ({ ...before, ...change }), replace: 'q' in change })
      }}
    >
      {search.upload_id && (
        <p>
          From one upload.{' '}
          <Link to="/traces" search={(before) => ({ ...before, upload_id: undefined })}>
            Show all
          </Link>
        </p>
      )}
    </TraceFilters>
  )
}
