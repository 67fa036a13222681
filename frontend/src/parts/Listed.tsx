import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ColumnDef, RowSelectionState } from '@tanstack/react-table'
import { type ReactNode, useCallback, useMemo } from 'react'
import type { Shape } from '../api/client'
import { Asked } from './Page'
import { Table } from './Table'
import { whole } from './words'

interface PageOf<Row> {
  data: Row[]
  pagination: Shape<'Pagination'>
}

/** Return the cursor of the page after this one. */
export function nextCursor({ pagination }: PageOf<unknown>): string | undefined {
  return pagination.next_cursor ?? undefined
}

interface ListedProps<Row> {
  label: string
  query: UseInfiniteQueryResult<InfiniteData<PageOf<Row>>>
  columns: ColumnDef<Row>[]
  rowId: (row: Row) => string
  /** What is said where the list is empty. */
  nothing: ReactNode
  selected?: RowSelectionState
  onSelect?: (selected: RowSelectionState) => void
}

/** A list of the service as a table, whose later pages come as one scrolls. */
export function Listed<Row>({ query, nothing, ...table }: ListedProps<Row>) {
  const rows = useMemo(() => query.data?.pages.flatMap(({ data }) => data) ?? [], [query.data])
  const { hasNextPage, isFetching, fetchNextPage } = query
  const more = useCallback(() => {
    if (!isFetching) void fetchNextPage()
  }, [isFetching, fetchNextPage])
  return (
    <Asked query={query}>
      {() =>
        rows.length > 0 || hasNextPage ? (
          <div>
            <Table rows={rows} more={hasNextPage ? more : undefined} {...table} />
            <p className="quiet small" role="status">
              {whole(rows.length)} {hasNextPage ? 'loaded; more come as you scroll' : rows.length === 1 ? 'row' : 'rows'}
            </p>
          </div>
        ) : (
          nothing
        )
      }
    </Asked>
  )
}
