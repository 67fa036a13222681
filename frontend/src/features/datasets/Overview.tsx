import type { Shape } from '../../api/client'
import { Bars } from '../../parts/Facts'
import { figure, whole } from '../../parts/words'
import classes from './Overview.module.css'

const COUNTS: [name: keyof Shape<'Counts'>, words: string][] = [
  ['rows', 'read'],
  ['rejected', 'rejected'],
  ['exact_duplicates', 'exact duplicates'],
  ['near_duplicates', 'near duplicates'],
  ['quarantined', 'quarantined'],
  ['left_out', 'left out'],
  ['kept', 'kept'],
]
const SIZES: [name: 'prompt_chars' | 'steps' | 'reasoning_chars' | 'answer_chars' | 'tokens', words: string][] = [
  ['prompt_chars', 'Prompt, characters'],
  ['steps', 'Steps'],
  ['reasoning_chars', 'Reasoning, characters'],
  ['answer_chars', 'Answer, characters'],
  ['tokens', 'Tokens'],
]

/** Where the rows went, how long they are, and of what kinds. */
export function Overview({ dataset }: { dataset: Shape<'DatasetDetail'> }) {
  const { counts, statistics } = dataset
  // a manifest of an older version has no histograms
  const drawn = SIZES.some(([name]) => statistics[name]?.histogram?.length)
  return (
    <>
      <section className="card">
        <h2>Where the rows went</h2>
        <ol className={classes.counts}>
          {COUNTS.filter(([name]) => counts[name] > 0 || name === 'kept').map(([name, words]) => (
            <li key={name} className={name === 'kept' ? classes.kept : ''}>
              <b>{whole(counts[name])}</b> <span>{words}</span>
            </li>
          ))}
        </ol>
      </section>
      <div className="tiles">
        <Bars title="Splits" counts={dataset.splits} />
        <Bars title="Families" counts={dataset.families} />
        {Object.keys(dataset.domains ?? {}).length > 0 && <Bars title="Domains" counts={dataset.domains ?? {}} />}
        <Bars title="Sources, rows read" counts={bySource(dataset.sources)} />
        <Bars title="Licences" counts={dataset.licenses} />
      </div>
      <section className={`card ${classes.scroll ?? ''}`} tabIndex={0} aria-label="Sizes of the rows">
        <h2>Sizes of the rows</h2>
        <table className={classes.sizes}>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">What</span>
              </th>
              {['Least', 'Median', 'Mean', '95 %', 'Most', 'In all'].map((name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
              {drawn && <th scope="col">From least to most</th>}
            </tr>
          </thead>
          <tbody>
            {SIZES.map(([name, words]) => {
              const found = statistics[name]
              return (
                found && (
                  <tr key={name}>
                    <th scope="row">{words}</th>
                    {[found.min, found.median, found.mean, found.p95, found.max, found.total].map((value, place) => (
                      <td key={place} className="number">
                        {figure(value)}
                      </td>
                    ))}
                    {drawn && (
                      <td>
                        <Histogram spread={found} />
                      </td>
                    )}
                  </tr>
                )
              )
            })}
          </tbody>
        </table>
      </section>
      <section className="card">
        <h2>Likeness to evaluation tasks</h2>
        {dataset.contamination.length === 0 && <p className="quiet">It was compared with no task: that it repeats none is not known.</p>}
        <ul className={`plain-list ${classes.tasks ?? ''}`}>
          {dataset.contamination.map(({ task, rows, rows_compared, items_matched, items }) => (
            <li key={task}>
              <b>{task}</b>: {rows === 0 ? 'no row repeats an item' : `${whole(rows)} rows repeat ${whole(items_matched)} items`}{' '}
              <span className="quiet">
                ({whole(rows_compared)} rows against {whole(items)} items)
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

function bySource(sources: Shape<'DatasetDetail'>['sources']): Record<string, number> {
  const rows: Record<string, number> = {}
  for (const { name, imported } of sources) rows[name] = (rows[name] ?? 0) + imported
  return rows
}

/** Rows in each of equally wide bins; in words, where most of them are. */
function Histogram({ spread: { min, max, histogram: bins = [] } }: { spread: Shape<'Quantiles'> }) {
  const most = bins.reduce((found, count) => Math.max(found, count), 1)
  const fullest = bins.indexOf(most)
  const width = (max + 1 - min) / bins.length
  const [from, to] = [Math.ceil(min + fullest * width), Math.ceil(min + (fullest + 1) * width) - 1]
  const words = `${whole(most)} rows, the most, ${from === to ? `at ${whole(from)}` : `from ${whole(from)} to ${whole(to)}`}`
  return (
    <svg className={classes.histogram} viewBox={`0 0 ${bins.length.toString()} 1`} preserveAspectRatio="none" role="img" aria-label={words}>
      <title>{words}</title>
      {bins.map((count, place) => (
        <rect key={place} x={place + 0.06} width={0.88} y={1 - count / most} height={count / most} />
      ))}
    </svg>
  )
}
