import { NativeSelect, Switch, Textarea, TextInput } from '@mantine/core'
import { useEffect, useRef } from 'react'
import classes from './Parameters.module.css'
import { type Field, parsed, typed } from './settings'

interface SettingProps {
  field: Field
  /** What the address says; undefined: as by default. */
  value: unknown
  refused: string | undefined
  onChange: (value: unknown) => void
}

/** One key as its kind is set best; an empty field is as by default, which stands in it in grey. */
export function Setting({ field, value, refused, onChange }: SettingProps) {
  const { label, help, kind, choices, preset } = field
  const told = { label, description: help, error: refused }
  if (kind === 'switch') {
    return (
      <Switch
        {...told}
        className={classes.switch}
        checked={Boolean(value ?? preset)}
        onChange={(event) => {
          const { checked } = event.currentTarget
          onChange(checked === preset ? undefined : checked)
        }}
      />
    )
  }
  if (kind === 'choice') {
    const others = choices.filter((choice) => choice !== preset)
    return (
      <NativeSelect
        {...told}
        inputWrapperOrder={ORDER}
        value={typed(kind, value)}
        data={[{ value: '', label: `${typed(kind, preset) || 'none'} (default)` }, ...others]}
        onChange={(event) => {
          onChange(event.currentTarget.value || undefined)
        }}
      />
    )
  }
  return <Typed field={field} value={value} refused={refused} onChange={onChange} />
}

const ORDER: ('label' | 'input' | 'error' | 'description')[] = ['label', 'input', 'error', 'description']

function Typed({ field, value, refused, onChange }: SettingProps) {
  const { label, help, kind, preset } = field
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const shown = typed(kind, value ?? (kind === 'json' ? preset : undefined))
  useEffect(() => {
    // what someone types is not overwritten by what it means
    if (input.current && document.activeElement !== input.current) input.current.value = shown
  }, [shown])
  const told = {
    ref: input,
    label,
    description: help,
    error: refused,
    inputWrapperOrder: ORDER,
    defaultValue: shown,
    placeholder: typed(kind, preset) || 'none',
    onChange: (event: { currentTarget: { value: string } }) => {
      onChange(parsed(field, event.currentTarget.value))
    },
  }
  if (kind === 'json') return <Textarea {...told} className={classes.wide} classNames={{ input: 'mono' }} rows={2} spellCheck={false} />
  return <TextInput {...told} inputMode={kind === 'number' ? 'decimal' : undefined} spellCheck={false} autoComplete="off" />
}
