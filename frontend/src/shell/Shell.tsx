import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet } from '@tanstack/react-router'
import { api, Problem, rememberCsrf } from '../api/client'
import { sessionOptions } from '../api/session'
import { Asked } from '../parts/Page'
import { ProblemNote } from '../parts/ProblemNote'
import { Connection } from './Connection'
import { Scheme } from './Scheme'
import classes from './Shell.module.css'
import { TokenForm } from './TokenForm'

const FLOW = [
  { to: '/', name: 'Home' },
  { to: '/traces', name: 'Traces' },
  { to: '/datasets', name: 'Datasets' },
  { to: '/train', name: 'Train' },
  { to: '/runs', name: 'Runs' },
  { to: '/evaluations', name: 'Evaluations' },
  { to: '/leaderboard', name: 'Leaderboard' },
  { to: '/submissions', name: 'Submissions' },
  { to: '/settings', name: 'Settings' },
] as const

/** The frame of every page: where one is in the flow, whether the service answers, and who one is. */
export function Shell() {
  const session = useQuery({
    ...sessionOptions,
    refetchInterval: (query) => (query.state.error instanceof Problem && query.state.error.status === 0 ? 2000 : false),
  })
  const asks = session.error instanceof Problem && session.error.status === 401
  return (
    <>
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <div className={classes.shell}>
        <header className={classes.side}>
          <Link to="/" className={classes.brand}>
            <img src="/icon.svg" alt="" width="24" height="24" /> tunix-rt
          </Link>
          <nav aria-label="The flow">
            <ol className={classes.flow}>
              {FLOW.map(({ to, name }) => (
                <li key={to}>
                  <Link to={to} activeOptions={{ exact: to === '/', includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
                    {name}
                  </Link>
                </li>
              ))}
            </ol>
          </nav>
          <div className={classes.foot}>
            <Scheme />
            <a href="/api/docs">HTTP interface</a>
            {session.data?.via === 'cookie' && <SignOut name={session.data.name} />}
          </div>
        </header>
        <main id="content" tabIndex={-1} className={classes.main}>
          <Connection />
          {asks ? <TokenForm /> : <Asked query={session}>{() => <Outlet />}</Asked>}
        </main>
      </div>
    </>
  )
}

function SignOut({ name }: { name: string }) {
  const queries = useQueryClient()
  const leaving = useMutation({
    mutationFn: () => api.DELETE('/api/session'),
    onSuccess: async () => {
      rememberCsrf(null)
      queries.clear()
      await queries.resetQueries({ queryKey: ['session'] })
    },
  })
  return (
    <>
      <Button
        size="compact-sm"
        variant="subtle"
        loading={leaving.isPending}
        onClick={() => {
          leaving.mutate()
        }}
      >
        Sign out {name}
      </Button>
      {leaving.error && <ProblemNote problem={leaving.error} />}
    </>
  )
}
