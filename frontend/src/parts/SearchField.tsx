import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useRef } from 'react'

const CALM = 250

interface SearchFieldProps {
  label?: string
  placeholder: string
  maxLength: number
  /** What the address says is searched for. */
  value: string | undefined
  /** Called when typing pauses. */
  onSearch: (words: string | undefined) => void
}

/** A field for words to search; what someone types is not overwritten by an address that lags behind. */
export function SearchField({ value, onSearch, ...field }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  const search = useDebouncedCallback(onSearch, CALM)
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = value ?? ''
  }, [value])
  return (
    <TextInput
      ref={input}
      label="Search"
      type="search"
      defaultValue={value}
      onChange={(event) => {
        search(event.currentTarget.value || undefined)
      }}
      {...field}
    />
  )
}
