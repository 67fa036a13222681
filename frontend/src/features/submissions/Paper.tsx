import { Copy } from '../../parts/Copy'
import { Nothing } from '../../parts/Page'
import { WithCode } from '../../parts/WithCode'
import classes from './Paper.module.css'
import { type Block, blocks, listed } from './papers'
import { Points } from './Points'

/** A paper of a submission to read, and its text to copy. */
export function Paper({ title, text }: { title: string; text: string | null }) {
  if (text === null) {
    return (
      <Nothing title={`No ${title.toLowerCase()} in this bundle`}>
        <p>It was bundled without papers. Bundle the run again: the papers are made from what it measured.</p>
      </Nothing>
    )
  }
  const found = listed(text)
  return (
    <section className="card stack">
      <div className={classes.head}>
        <h2>{title}</h2>
        <Copy name={title} text={text} />
      </div>
      {found.length > 0 ? (
        <Points label={title} points={found} />
      ) : (
        <div className={`stack ${classes.paper ?? ''}`}>
          {blocks(text).map((block, place) => (
            <Shown key={place} block={block} />
          ))}
        </div>
      )}
    </section>
  )
}

function Shown({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading':
      return block.level === 1 ? <h3>{block.text}</h3> : <h4>{block.text}</h4>
    case 'table':
      return (
        <div className={classes.scroll} tabIndex={0} role="group" aria-label="Table">
          <table className={classes.table}>
            <thead>
              <tr>
                {block.head.map((cell) => (
                  <th key={cell} scope="col">
                    {cell}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {block.rows.map((row, place) => (
                <tr key={place}>
                  {row.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'list':
      return (
        <ul>
          {block.items.map((item, place) => (
            <li key={place}>
              <WithCode text={item} />
            </li>
          ))}
        </ul>
      )
    case 'code':
      return (
        <pre className={classes.code} dir="auto">
          {block.text}
        </pre>
      )
    case 'quote':
      return (
        <blockquote className={`prose ${classes.quote ?? ''}`}>
          <WithCode text={block.text} />
        </blockquote>
      )
    default:
      return (
        <p className="prose" dir="auto">
          <WithCode text={block.text} />
        </p>
      )
  }
}
