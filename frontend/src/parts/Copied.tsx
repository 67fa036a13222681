import classes from './Copied.module.css'
import { Copy } from './Copy'

/** A text that is worth taking along, as it is. */
export function Copied({ title, label, text }: { title: string; label: string; text: string }) {
  return (
    <section className="card">
      <div className={classes.head}>
        <h2>{title}</h2>
        <Copy name={title} text={text} />
      </div>
      <pre className={classes.text} role="group" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </section>
  )
}
