import { NativeSelect, NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { TraceFilters } from '../../parts/TraceFilters'
import { Selected } from './Selected'
import { selectionOf, type Take } from './selection'

const route = getRouteApi('/datasets/new')
const CALM = 250
const STRATEGIES = [
  { value: 'all', label: 'every one' },
  { value: 'latest', label: 'the newest' },
  { value: 'random', label: 'some, drawn at random' },
] as const

/** Which traces: filters, how many are taken, and what that finds at once. */
export function Choose({ take, onTake }: { take: Take; onTake: (take: Take) => void }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [calm] = useDebouncedValue(take, CALM)
  return (
    <section className="card stack">
      <h2>Which traces</h2>
      <TraceFilters
        value={search}
        onFilter={(change) => {
          void navigate({ search: (before) => ({ ...before, ...change }), replace: 'q' in change, resetScroll: false })
        }}
      >
        <NativeSelect
          label="Of these, take"
          value={take.strategy}
          data={STRATEGIES}
          onChange={(event) => {
            const chosen = STRATEGIES.find(({ value }) => value === event.currentTarget.value)
            if (chosen) onTake({ ...take, strategy: chosen.value })
          }}
        />
        {take.strategy !== 'all' && (
          <NumberInput
            label="At most"
            min={1}
            max={1_000_000}
            allowDecimal={false}
            clampBehavior="strict"
            value={take.limit}
            onChange={(limit) => {
              if (typeof limit === 'number') onTake({ ...take, limit })
            }}
          />
        )}
        {take.strategy === 'random' && (
          <NumberInput
            label="Seed of the draw"
            min={0}
            max={2 ** 31 - 1}
            allowDecimal={false}
            clampBehavior="strict"
            value={take.seed}
            onChange={(seed) => {
              if (typeof seed === 'number') onTake({ ...take, seed })
            }}
          />
        )}
      </TraceFilters>
      <Selected selection={selectionOf(search, calm)} />
    </section>
  )
}
