// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { show } from '../../testing'
import { Forecast } from './Forecast'

const FORECAST = {
  minutes: 620,
  session_hours: 9,
  sessions_a_week: 1,
  week_hours: 20,
  disk: { adapter: 52_000_000, orbax: 5_200_000_000 },
  disk_bytes: 5_252_000_000,
  output_bytes: 20_000_000_000,
  sources: { session_hours: 'the rules' },
  problems: ['the notebook takes 620 minutes: set budget_minutes to at most 520'],
}

test('what does not fit is said with what to change, and each limit is there in words', () => {
  show(<Forecast fits={false} forecast={FORECAST} hours={6.5} />)
  expect(screen.getByRole('status')).toHaveTextContent('✗ It does not fit.')
  expect(screen.getByText(/set budget_minutes to at most 520/)).toBeInTheDocument()
  const words = within(screen.getByRole('table', { name: 'Limits' })).getAllByRole('row').map((row) => row.textContent)
  expect(words).toEqual(['One session620 of 540 minutes', 'This week10.3 of 6.5 hours', 'What is kept5.25 GB of 20.00 GB'])
})
