import { type ColumnDef, flexRender, getCoreRowModel, type Row as TableRow, type RowSelectionState, useReactTable } from '@tanstack/react-table'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import { assigned } from './slots'
import classes from './Table.module.css'

const ROW_PIXELS = 44
const AHEAD = 5

interface TableProps<Row> {
  /** What the table holds, for those who hear it. */
  label: string
  rows: Row[]
  /** Columns; `meta.align` "end" is for numbers, `meta.wide` for the one that takes what is left. */
  columns: ColumnDef<Row>[]
  rowId: (row: Row) => string
  selected?: RowSelectionState
  onSelect?: (selected: RowSelectionState) => void
  /** Asks for the rows after these, if there are more; called when the end comes near. */
  more?: (() => void) | undefined
}

/** Rows of which only those are drawn that are seen, so that a hundred thousand scroll as ten do. */
export function Table<Row>({ label, rows, columns, rowId, selected, onSelect, more }: TableProps<Row>) {
  const place = useRef<HTMLDivElement>(null)
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PIXELS,
    overscan: AHEAD,
    // Drawn in a task after that of the scrolling, which so never waits for both; the rows ahead cover the frame between.
    useFlushSync: false,
    scrollMargin: place.current?.offsetTop ?? 0,
  })
  const seen = virtual.getVirtualItems()
  const first = seen[0]
  const last = seen.at(-1)
  const [from, to] = [first?.index ?? 0, last ? last.index + 1 : 0]
  const atEnd = last !== undefined && to > rows.length - AHEAD
  useEffect(() => {
    if (atEnd) more?.()
  }, [atEnd, more])
  // The table is made of what is seen alone: the model of a hundred thousand rows takes longer than a frame.
  const drawn = useMemo(() => rows.slice(from, to), [rows, from, to])
  const selection = onSelect && { rows, rowId, selected: selected ?? {}, onSelect }
  const table = useReactTable({
    data: drawn,
    columns: selection ? [SELECTION as ColumnDef<Row>, ...columns] : columns,
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    state: { rowSelection: selected ?? {} },
    onRowSelectionChange: (change) => onSelect?.(typeof change === 'function' ? change(selected ?? {}) : change),
  })
  const shown = table.getRowModel().rows
  const committed = useRef<ReadonlyMap<string, number>>(new Map())
  const slots = assigned(committed.current, shown.map(({ id }) => id))
  useLayoutEffect(() => {
    committed.current = slots
  })
  const before = first ? first.start - virtual.options.scrollMargin : 0
  const after = last ? virtual.getTotalSize() - (last.end - virtual.options.scrollMargin) : 0
  return (
    <div ref={place} className={classes.frame} role="region" aria-label={label} tabIndex={0}>
      <table className={classes.table} aria-rowcount={more ? -1 : rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map(({ id, column, getContext }) => (
                <th key={id} scope="col" className={look(column.columnDef)}>
                  {selection && column.id === 'select' ? <SelectAll {...selection} /> : flexRender(column.columnDef.header, getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ height: before }} />}
          {shown.map((row) => (
            <Drawn key={slots.get(row.id)} row={row} index={from + row.index} />
          ))}
          {after > 0 && <tr aria-hidden style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  )
}

interface DrawnProps<Row> {
  row: TableRow<Row>
  index: number
}

/** A row that is seen. Its element is taken over by another row once it has scrolled by. */
function Drawn<Row>({ row, index }: DrawnProps<Row>) {
  const element = useRef<HTMLTableRowElement>(null)
  const { id } = row
  // Not in a layout effect: React gives back the focus that is lost while it commits.
  useEffect(
    () => () => {
      // What has the focus would be another row's from now on, and a key would do to that what was meant for this one.
      const focused = document.activeElement
      if (focused instanceof HTMLElement && element.current?.contains(focused)) focused.blur()
    },
    [id],
  )
  return (
    <tr ref={element} aria-rowindex={index + 2} style={{ height: ROW_PIXELS }}>
      {row.getVisibleCells().map((cell) => (
        <td key={cell.column.id} className={look(cell.column.columnDef)}>
          {flexRender(cell.column.columnDef.cell, cell.getContext())}
        </td>
      ))}
    </tr>
  )
}

function look<Row>({ meta }: ColumnDef<Row>): string {
  const said = meta as { align?: 'end'; wide?: boolean } | undefined
  return [said?.align === 'end' ? 'number' : '', said?.wide ? classes.wide : ''].join(' ')
}

interface SelectAllProps<Row> {
  rows: Row[]
  rowId: (row: Row) => string
  selected: RowSelectionState
  onSelect: (selected: RowSelectionState) => void
}

function SelectAll<Row>({ rows, rowId, selected, onSelect }: SelectAllProps<Row>) {
  const count = Object.keys(selected).length
  const all = count > 0 && count >= rows.length && rows.every((row) => selected[rowId(row)])
  return (
    <input
      type="checkbox"
      aria-label="Select all that are loaded"
      className={classes.check}
      checked={all}
      ref={(box) => {
        if (box) box.indeterminate = count > 0 && !all
      }}
      onChange={() => {
        onSelect(all ? {} : { ...selected, ...Object.fromEntries(rows.map((row) => [rowId(row), true])) })
      }}
    />
  )
}

const SELECTION: ColumnDef<unknown> = {
  id: 'select',
  // a plain box: those of the library are eight elements each, which a row that scrolls by has no time for
  cell: ({ row }) => (
    <input type="checkbox" aria-label={`Select ${row.id}`} className={classes.check} checked={row.getIsSelected()} onChange={row.getToggleSelectedHandler()} />
  ),
}
