import { NativeSelect } from '@mantine/core'
import type { Along } from './curves'

const ALONG: { value: Along; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'time', label: 'Wall-clock' },
]

/** Chooses what curves are drawn along; steps, which go without saying in an address, are told as undefined. */
export function AlongSelect({ value, onChoose }: { value: Along; onChoose: (along: Exclude<Along, 'step'> | undefined) => void }) {
  return (
    <NativeSelect
      label="Along x"
      data={ALONG}
      value={value}
      onChange={(event) => {
        const chosen = ALONG.find((one) => one.value === event.currentTarget.value)?.value
        onChoose(chosen === 'step' ? undefined : chosen)
      }}
    />
  )
}
