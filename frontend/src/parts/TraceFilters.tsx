import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { facetOptions, FACETS, type TraceFilter } from '../api/facets'
import { SearchField } from './SearchField'

/** A value that all traces have parts nothing; a tag may part those that have it from the others. */
const NAMES = [...FACETS, 'tag'] as const

interface TraceFiltersProps {
  /** What the address says traces must have. */
  value: TraceFilter
  onFilter: (change: TraceFilter) => void
  /** Whatever else stands beside the filters. */
  children?: ReactNode
}

/** Words to search for, and a field for each value that differs among the traces. */
export function TraceFilters({ value, onFilter, children }: TraceFiltersProps) {
  const facets = useQuery(facetOptions)
  return (
    <div className="fields" role="search">
      <SearchField
        placeholder={'words, "a phrase", begin*'}
        maxLength={500}
        value={value.q}
        onSearch={(q) => {
          onFilter({ q })
        }}
      />
      {NAMES.filter((name) => (facets.data?.[name].length ?? 0) >= (name === 'tag' ? 1 : 2) || value[name]).map((name) => (
        <NativeSelect
          key={name}
          label={name.charAt(0).toUpperCase() + name.slice(1)}
          value={value[name] ?? ''}
          data={[
            { value: '', label: 'Any' },
            ...(facets.data?.[name] ?? []).map(({ value: one, count, capped }) => ({
              value: one,
              label: `${one} (${count.toLocaleString('en')}${capped ? '+' : ''})`,
            })),
          ]}
          onChange={(event) => {
            onFilter({ [name]: event.currentTarget.value || undefined })
          }}
        />
      ))}
      {children}
    </div>
  )
}
