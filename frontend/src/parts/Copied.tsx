import { Button, CopyButton } from '@mantine/core'
import classes from './Copied.module.css'

/** A text that is worth taking along, as it is. */
export function Copied({ title, label, text }: { title: string; label: string; text: string }) {
  return (
    <section className="card">
      <div className={classes.head}>
        <h2>{title}</h2>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="subtle" onClick={copy} aria-label={`Copy: ${title}`}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </div>
      <pre className={classes.text} role="group" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </section>
  )
}
