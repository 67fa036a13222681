// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { Problem } from '../api/client'
import { show } from '../testing'
import { AsCommand } from './AsCommand'
import { Confirmed } from './Confirmed'
import { Estimate } from './Estimate'
import { ProblemNote } from './ProblemNote'
import { Status } from './Status'
import { Steps } from './Steps'

test('a problem says what went wrong, where, and lets one try again', async () => {
  let tried = 0
  const errors = Array.from({ length: 10 }, (_, row) => ({ field: `row ${row.toString()}`, message: 'is empty' }))
  show(<ProblemNote problem={new Problem(422, 'Not possible', 'Correct the rows', errors)} onRetry={() => (tried += 1)} />)
  const alert = screen.getByRole('alert')
  expect(alert).toHaveTextContent('Not possible')
  expect(alert).toHaveTextContent('row 0: is empty')
  expect(within(alert).getAllByRole('listitem').at(-1)).toHaveTextContent('and 2 more')
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(tried).toBe(1)
})

test('an estimate is heard with its interval; an unscored one is not 0', () => {
  show(<Estimate name="Strict" of={{ value: 0.5, low: 0.4, high: 0.6, n: 100 }} />)
  expect(screen.getByRole('img', { name: 'Strict: 50.0 %, 95 % interval 40.0 % to 60.0 %, n 100' })).toBeInTheDocument()
  show(<Estimate name="Lenient" of={null} />)
  expect(screen.getByText('not scored')).toBeInTheDocument()
})

test('a wrong step shows its exact value; one without an equation says so', () => {
  show(
    <Steps
      checked
      steps={[
        { i: 1, content: '2+2=4', check: { verdict: 'right' } },
        { i: 2, content: '4*3=13', check: { verdict: 'wrong', found: '4*3=13', expected: '12' } },
        { i: 3, content: 'so it is.' },
      ]}
    />,
  )
  const words = screen.getAllByRole('listitem').map((item) => item.textContent)
  expect(words).toEqual(['12+2=4✓ right', '24*3=13✗ 4*3=13 should be 12', '3so it is.no equation'])
})

test('what a model wrote is text', () => {
  const { container } = show(<Steps checked={false} steps={[{ i: 1, content: '<img src=x onerror=alert(1)><script>alert(2)</script>' }]} />)
  expect(container.querySelector('img, script')).toBeNull()
  expect(screen.getByText(/onerror=alert/)).toBeInTheDocument()
})

test('a status is a word', () => {
  show(<Status status="interrupted" />)
  expect(screen.getByText('interrupted')).toBeInTheDocument()
})

test('a command can be pasted whatever its words hold', async () => {
  show(<AsCommand cli="runs list" method="POST" path="/api/datasets/build" body={{ dataset_name: "it's" }} />)
  await userEvent.click(screen.getByRole('button', { name: 'As command' }))
  const dialog = await screen.findByRole('dialog', { name: 'The same as a command' })
  expect(dialog).toHaveTextContent('tunix-rt runs list')
  expect(dialog).toHaveTextContent(`-d '{"dataset_name":"it'\\''s"}'`)
})

test('what cannot be undone is asked about, and a refusal is shown', async () => {
  let asked = 0
  const act = () => {
    asked += 1
    return asked === 1 ? Promise.reject(new Problem(409, 'Conflict', 'A job trains on it; cancel that first')) : Promise.resolve()
  }
  let done = false
  show(<Confirmed name="Delete" title="Delete this?" about="It goes." act={act} onDone={() => (done = true)} />)
  await userEvent.click(screen.getByRole('button', { name: 'Delete' }))
  const dialog = await screen.findByRole('dialog', { name: 'Delete this?' })
  expect(asked).toBe(0)
  await userEvent.click(within(dialog).getByRole('button', { name: 'Delete' }))
  expect(await within(dialog).findByRole('alert')).toHaveTextContent('cancel that first')
  await userEvent.click(within(dialog).getByRole('button', { name: 'Delete' }))
  await expect.poll(() => done).toBe(true)
})
