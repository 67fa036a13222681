import { NativeSelect, useMantineColorScheme } from '@mantine/core'

const SCHEMES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

/** Light, dark, or as the system has it. */
export function Scheme() {
  // Without this Mantine writes a style into the page to hold transitions back, which the service's policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return (
    <NativeSelect
      size="xs"
      aria-label="Colours"
      data={SCHEMES}
      value={colorScheme}
      onChange={(event) => {
        const chosen = SCHEMES.find(({ value }) => value === event.currentTarget.value)
        if (chosen) setColorScheme(chosen.value)
      }}
    />
  )
}
