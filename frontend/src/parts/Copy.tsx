import { Button, CopyButton } from '@mantine/core'

interface CopyProps {
  /** What is copied, in words, for those who hear the button. */
  name: string
  text: string
  variant?: 'subtle' | 'default'
}

/** A button that takes a text along. */
export function Copy({ name, text, variant = 'subtle' }: CopyProps) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant={variant} onClick={copy} aria-label={`Copy: ${name}`}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  )
}
