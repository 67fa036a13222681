// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { show } from '../testing'
import { Table } from './Table'

const ROWS = Array.from({ length: 20_000 }, (_, id) => ({ id: `row-${id.toString()}` }))
const COLUMNS = [{ header: 'Name', accessorKey: 'id' }]

function Chosen({ rows }: { rows: typeof ROWS }) {
  const [selected, setSelected] = useState<Record<string, boolean>>({})
  return (
    <>
      <Table label="Rows" rows={rows} columns={COLUMNS} rowId={({ id }) => id} selected={selected} onSelect={setSelected} />
      <output>{Object.keys(selected).join(' ')}</output>
    </>
  )
}

function Growing() {
  const [from, setFrom] = useState(1)
  return (
    <>
      <button
        onClick={() => {
          setFrom(0)
        }}
      >
        One more
      </button>
      <Chosen rows={ROWS.slice(from, 6)} />
    </>
  )
}

test('of many rows only those are drawn that are seen', () => {
  show(<Table label="Rows" rows={ROWS} columns={COLUMNS} rowId={({ id }) => id} />)
  expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '20001')
  const drawn = screen.getAllByRole('row').length
  expect(drawn).toBeGreaterThan(10)
  expect(drawn).toBeLessThan(100)
})

test('rows are chosen one by one or all at once', async () => {
  show(<Chosen rows={ROWS.slice(0, 3)} />)
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select row-1' }))
  expect(screen.getByRole('status')).toHaveTextContent(/^row-1$/)
  await userEvent.click(screen.getByRole('checkbox', { name: 'Select all that are loaded' }))
  expect(screen.getByRole('status')).toHaveTextContent('row-1 row-0 row-2')
})

test('more is asked for where the end comes near', () => {
  let asked = 0
  show(<Table label="Rows" rows={ROWS.slice(0, 5)} columns={COLUMNS} rowId={({ id }) => id} more={() => (asked += 1)} />)
  expect(asked).toBe(1)
})

test('a row that scrolls by takes the focus of none with it, and its element is filled anew', () => {
  show(<Chosen rows={ROWS} />)
  const [, , , , element] = screen.getAllByRole('row')
  screen.getByRole('checkbox', { name: 'Select row-3' }).focus()
  expect(element).toContainElement(document.activeElement as HTMLElement)
  Object.defineProperty(window, 'scrollY', { value: 44 * 10_000, configurable: true })
  fireEvent.scroll(window)
  expect(screen.getByRole('checkbox', { name: 'Select row-10000' })).toBeInTheDocument()
  expect(element).toBeInTheDocument()
  expect(element).not.toHaveTextContent('row-3')
  expect(document.activeElement).toBe(document.body)
  Object.defineProperty(window, 'scrollY', { value: 0, configurable: true })
})

test('a row that moves because another one came keeps its element and the focus', () => {
  show(<Growing />)
  const box = screen.getByRole('checkbox', { name: 'Select row-3' })
  box.focus()
  fireEvent.click(screen.getByRole('button', { name: 'One more' }))
  expect(screen.getByRole('checkbox', { name: 'Select row-0' })).toBeInTheDocument()
  expect(screen.getByRole('checkbox', { name: 'Select row-3' })).toBe(box)
  expect(box).toHaveFocus()
})
