import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing } from '../../parts/Page'
import { SearchField } from '../../parts/SearchField'
import { moment } from '../../parts/words'

type Entry = Shape<'AuditRow'>
const route = getRouteApi('/settings')

const COLUMNS: ColumnDef<Entry>[] = [
  { header: 'When', cell: ({ row }) => moment(row.original.at) },
  { header: 'Who', accessorKey: 'actor' },
  { header: 'What', cell: ({ row }) => row.original.action.replaceAll('_', ' ') },
  { header: 'Of what', meta: { wide: true }, cell: ({ row }) => <span title={row.original.target ?? ''}>{row.original.target ?? '–'}</span> },
  { header: 'More', cell: ({ row }) => <span title={said(row.original.detail)}>{said(row.original.detail)}</span> },
]

function said(detail: Entry['detail']): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${Array.isArray(value) ? `(${value.length.toString()}) ${value.join(' ')}` : typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
}

/** Every change that was made, the newest first; entries are never changed or deleted. */
export function Audit() {
  const { actor, action } = route.useSearch()
  const navigate = route.useNavigate()
  const entries = useInfiniteQuery({
    queryKey: ['audit', actor, action],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/audit', { params: { query: { actor, action, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  const narrow = (change: { actor?: string | undefined; action?: string | undefined }) => {
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  }
  const asked = new URLSearchParams({ ...(actor && { actor }), ...(action && { action }) }).toString()
  return (
    <>
      <div className="fields" role="search">
        <SearchField
          label="Who"
          placeholder="a token's name, or local"
          maxLength={128}
          value={actor}
          onSearch={(words) => {
            narrow({ actor: words?.trim() || undefined })
          }}
        />
        <SearchField
          label="What"
          placeholder="such as delete_run"
          maxLength={128}
          value={action}
          onSearch={(words) => {
            narrow({ action: words?.trim().replaceAll(' ', '_') || undefined })
          }}
        />
        <div>
          <AsCommand path={`/api/audit${asked && `?${asked}`}`} />
        </div>
      </div>
      <Listed
        label="Audit log"
        query={entries}
        columns={COLUMNS}
        rowId={({ seq }) => seq.toString()}
        nothing={
          actor || action ? (
            <Nothing title="No entry is like that">
              <p>
                Names are compared whole.{' '}
                <Link to="/settings" search={{ tab: 'audit' }}>
                  Show all entries
                </Link>
              </p>
            </Nothing>
          ) : (
            <Nothing title="Nothing was changed yet">
              <p>Each change will stand here with who made it: an upload, a run, a token.</p>
            </Nothing>
          )
        }
      />
    </>
  )
}
