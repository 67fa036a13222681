import { counted } from '../../parts/words'
import { type Preview, spans } from './samples'
import classes from './Trained.module.css'

/** The first examples as the training reads them. */
export function Trained({ preview: { examples } }: { preview: Preview }) {
  return (
    <section className="card stack">
      <h2>What it is trained on</h2>
      <p className="quiet small">
        The first {counted(examples.length, 'example')}. <span className={classes.trained}>Marked tokens</span> are what the model is trained to write; the others
        are given to it.
      </p>
      {examples.map(({ name, tokens }) => (
        <details key={name} open={name === examples[0]?.name}>
          <summary>{name}</summary>
          <pre className={classes.tokens} role="group" tabIndex={0} aria-label={`Tokens of ${name}`}>
            {spans(tokens).map(({ trained, text }, place) => (
              <span key={place} className={trained ? classes.trained : ''}>
                {text}
              </span>
            ))}
          </pre>
        </details>
      ))}
    </section>
  )
}
