import classes from './Samples.module.css'

/** A trace as text: what is given to the model, and, marked, what it is trained to write. */
export function Rendered({ prompt, completion }: { prompt: string; completion: string }) {
  return (
    <pre className={classes.text} dir="auto">
      {prompt}
      <span className={classes.trained}>{completion}</span>
    </pre>
  )
}
