import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { Confirmed } from '../../parts/Confirmed'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing } from '../../parts/Page'
import { Status } from '../../parts/Status'
import { moment } from '../../parts/words'
import { NewToken } from './NewToken'
import { state } from './tokens'

type Token = Shape<'TokenRow'>

const COLUMNS: ColumnDef<Token>[] = [
  { header: 'Name', meta: { wide: true }, accessorKey: 'name' },
  { header: 'May', accessorKey: 'scope' },
  { header: 'State', cell: ({ row }) => <Status status={state(row.original, new Date())} /> },
  { header: 'Made', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.created_at) },
  { header: 'Ends', meta: { align: 'end' }, cell: ({ row }) => (row.original.expires_at ? moment(row.original.expires_at) : 'never') },
  { header: 'Last used', meta: { align: 'end' }, cell: ({ row }) => (row.original.last_used_at ? moment(row.original.last_used_at) : 'never') },
  { id: 'revoke', header: '', meta: { align: 'end' }, cell: ({ row }) => state(row.original, new Date()) === 'valid' && <Revoke key={row.id} name={row.original.name} /> },
]

/** Who may use the service: tokens without their secrets, a new one, and an end to any of them. */
export function Tokens() {
  const tokens = useInfiniteQuery({
    queryKey: ['tokens'],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/tokens', { params: { query: { limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  return (
    <>
      <NewToken />
      <Listed
        label="Tokens"
        query={tokens}
        columns={COLUMNS}
        rowId={({ name }) => name}
        nothing={
          <Nothing title="No tokens yet">
            <p>Whoever sits at this machine needs none. Everybody else does: make one for each person and each program, so that the audit log can tell them apart.</p>
          </Nothing>
        }
      />
    </>
  )
}

function Revoke({ name }: { name: string }) {
  const queries = useQueryClient()
  return (
    <Confirmed
      small
      name="Revoke"
      title={`Revoke ${name}?`}
      about="Whoever uses it is out at once, its browser sessions too. A revoked token never comes back; its name stays in the audit log."
      act={() => api.DELETE('/api/tokens/{name}', { params: { path: { name } } })}
      onDone={() => queries.invalidateQueries({ queryKey: ['tokens'] })}
    />
  )
}
