import { Button, SegmentedControl } from '@mantine/core'
import classes from './Parameters.module.css'
import { Setting } from './Setting'
import { type Field, type Search, type Tier, TIERS } from './settings'

interface ParametersProps {
  tiers: Record<Tier, Field[]>
  search: Search
  /** Whether something else decides on a key. */
  hidden: (key: string) => boolean
  /** Why a key cannot be what it is. */
  refused: Record<string, string>
  onChange: (key: string, value: unknown) => void
  onTier: (tier: Search['tier']) => void
}

/** The keys of a configuration up to a tier, each with what it means. */
export function Parameters({ tiers, search, hidden, refused, onChange, onTier }: ParametersProps) {
  const tier = search.tier ?? 'basic'
  const fields = TIERS.slice(0, TIERS.indexOf(tier) + 1)
    .flatMap((one) => tiers[one])
    .filter(({ key }) => !hidden(key))
  const changed = Object.values(tiers)
    .flat()
    .filter(({ key }) => search[key] !== undefined)
  return (
    <section className="card stack" aria-label="Parameters">
      <div className={classes.head}>
        <h2>Parameters</h2>
        <SegmentedControl
          aria-label="How many parameters are shown"
          size="xs"
          value={tier}
          data={[
            { value: 'basic', label: 'Basic' },
            { value: 'advanced', label: 'Advanced' },
            { value: 'everything', label: 'Everything' },
          ]}
          onChange={(chosen) => {
            onTier(TIERS.find((one): one is 'advanced' | 'everything' => one === chosen && one !== 'basic'))
          }}
        />
      </div>
      <div className={classes.fields}>
        {fields.map((field) => (
          <Setting
            key={field.key}
            field={field}
            value={search[field.key]}
            refused={refused[field.key]}
            onChange={(value) => {
              onChange(field.key, value)
            }}
          />
        ))}
      </div>
      {changed.length > 0 && (
        <div className="row small">
          <span className="quiet">Changed: {changed.map(({ label }) => label).join(', ')}.</span>
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => {
              for (const { key } of changed) onChange(key, undefined)
            }}
          >
            All as by default
          </Button>
        </div>
      )}
    </section>
  )
}
