import { useDocumentTitle } from '@mantine/hooks'
import { Loader } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './Page.module.css'
import { ProblemNote } from './ProblemNote'

interface PageProps {
  title: string
  /** One sentence under the title. */
  about?: ReactNode
  /** Where this lies: links to what is above it. */
  above?: ReactNode
  /** Buttons at the right of the title. */
  actions?: ReactNode
  children: ReactNode
}

/** A page: its title, which the window has as well, what one can do, and its content. */
export function Page({ title, about, above, actions, children }: PageProps) {
  useDocumentTitle(`${title} · tunix-rt`)
  return (
    <>
      <header className={classes.head}>
        <div className={classes.title}>
          {above && <div className="small">{above}</div>}
          <h1>{title}</h1>
          {about && <p className={classes.about}>{about}</p>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </header>
      <div className="stack">{children}</div>
    </>
  )
}

/** A question to the service: what it answered, or why it did not. */
interface Question<Data> {
  data: Data | undefined
  error: Error | null
  refetch: () => unknown
}

/** What was asked for, once it is there; until then that it loads, or why it cannot. */
export function Asked<Data>({ query, children }: { query: Question<Data>; children: (data: Data) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) {
    return (
      <ProblemNote
        problem={query.error}
        onRetry={() => {
          void query.refetch()
        }}
      />
    )
  }
  return (
    <div className={classes.waiting} role="status">
      <Loader size="sm" aria-hidden /> Loading …
    </div>
  )
}

/** An empty state: what is not there, and the next step. */
export function Nothing({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={classes.nothing}>
      <h2>{title}</h2>
      <div className="quiet">{children}</div>
    </div>
  )
}
