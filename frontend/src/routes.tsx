// Every address of the app, with what its search parameters may be; the pages come when they are asked for.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { runOptions } from './features/runs/asked'
import { Nothing, Page } from './parts/Page'
import { ProblemNote } from './parts/ProblemNote'
import { number, oneOf, some, text } from './parts/search'
import { queries } from './queries'
import { Shell } from './shell/Shell'

type Search = Record<string, unknown>

const root = createRootRoute({ component: Shell })

const filter = (search: Search) => ({
  q: text(search['q']),
  source: text(search['source']),
  domain: text(search['domain']),
  family: text(search['family']),
  difficulty: text(search['difficulty']),
  license: text(search['license']),
  tag: text(search['tag']),
})

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./features/home/HomePage'), 'HomePage'),
})

const traces = createRoute({
  getParentRoute: () => root,
  path: '/traces',
  validateSearch: (search: Search) => some({
    ...filter(search),
    upload_id: text(search['upload_id']),
  }),
  component: lazyRouteComponent(() => import('./features/traces/TracesPage'), 'TracesPage'),
})

const trace = createRoute({
  getParentRoute: () => root,
  path: '/traces/$traceId',
  validateSearch: (search: Search) => some({ tab: oneOf(['tokens'] as const, search['tab']) }),
  component: lazyRouteComponent(() => import('./features/traces/TracePage'), 'TracePage'),
})

const compareTraces = createRoute({
  getParentRoute: () => root,
  path: '/traces/compare',
  validateSearch: (search: Search) => some({ a: text(search['a']), b: text(search['b']) }),
  component: lazyRouteComponent(() => import('./features/traces/ComparePage'), 'ComparePage'),
})

const datasets = createRoute({
  getParentRoute: () => root,
  path: '/datasets',
  component: lazyRouteComponent(() => import('./features/datasets/DatasetsPage'), 'DatasetsPage'),
})

const builder = createRoute({
  getParentRoute: () => root,
  path: '/datasets/new',
  validateSearch: (search: Search) => some({ ...filter(search), upload: text(search['upload']) }),
  component: lazyRouteComponent(() => import('./features/datasets/BuilderPage'), 'BuilderPage'),
})

const dataset = createRoute({
  getParentRoute: () => root,
  path: '/datasets/$datasetKey',
  validateSearch: (search: Search) => some({
    tab: oneOf(['samples', 'left-out', 'manifest', 'diff'] as const, search['tab']),
    split: oneOf(['train', 'valid', 'test'] as const, search['split']),
    other: text(search['other']),
  }),
  component: lazyRouteComponent(() => import('./features/datasets/DatasetPage'), 'DatasetPage'),
})

const train = createRoute({
  getParentRoute: () => root,
  path: '/train',
  // the other keys are those of the configuration, as the service will read them
  validateSearch: (search: Search) => ({
    ...search,
    ...some({
      kind: oneOf(['grpo'] as const, search['kind']),
      base_model: text(search['base_model']),
      dataset: text(search['dataset']),
      start: text(search['start']),
      tier: oneOf(['advanced', 'everything'] as const, search['tier']),
    }),
  }),
  component: lazyRouteComponent(() => import('./features/train/TrainPage'), 'TrainPage'),
})

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search: Search) => some({
    status: oneOf(['queued', 'running', 'completed', 'stopped', 'failed', 'cancelled', 'interrupted'] as const, search['status']),
    kind: oneOf(['sft', 'grpo', 'session'] as const, search['kind']),
    dataset_key: text(search['dataset_key']),
  }),
  component: lazyRouteComponent(() => import('./features/runs/RunsPage'), 'RunsPage'),
})

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$runId',
  validateSearch: (search: Search) => some({
    tab: oneOf(['log', 'samples', 'groups', 'artifacts', 'config'] as const, search['tab']),
    x: oneOf(['tokens', 'time'] as const, search['x']),
    log: search['log'] === true || undefined,
    smooth: number(search['smooth']),
    from: number(search['from']),
    to: number(search['to']),
    step: number(search['step']),
  }),
  // Asked for while the page is still on its way.
  loader: ({ params: { runId } }) => void queries.prefetchQuery(runOptions(runId)),
  component: lazyRouteComponent(() => import('./features/runs/RunPage'), 'RunPage'),
})

const evaluations = createRoute({
  getParentRoute: () => root,
  path: '/evaluations',
  validateSearch: (search: Search) => some({ task: text(search['task']), run_id: text(search['run_id']) }),
  component: lazyRouteComponent(() => import('./features/evaluations/EvaluationsPage'), 'EvaluationsPage'),
})

const evaluation = createRoute({
  getParentRoute: () => root,
  path: '/evaluations/$evaluationId',
  validateSearch: (search: Search) => some({
    q: text(search['q']),
    family: text(search['family']),
    verdict: oneOf(['right', 'wrong', 'unscored'] as const, search['verdict']),
    sample: text(search['sample']),
  }),
  component: lazyRouteComponent(() => import('./features/evaluations/EvaluationPage'), 'EvaluationPage'),
})

const compare = createRoute({
  getParentRoute: () => root,
  path: '/evaluations/compare',
  validateSearch: (search: Search) => some({
    a: text(search['a']),
    b: text(search['b']),
    x: oneOf(['tokens', 'time'] as const, search['x']),
    all: search['all'] === true || undefined,
  }),
  component: lazyRouteComponent(() => import('./features/evaluations/ComparePage'), 'ComparePage'),
})

const leaderboard = createRoute({
  getParentRoute: () => root,
  path: '/leaderboard',
  validateSearch: (search: Search) => some({
    task: text(search['task']),
    score: oneOf(['lenient'] as const, search['score']),
  }),
  component: lazyRouteComponent(() => import('./features/leaderboard/LeaderboardPage'), 'LeaderboardPage'),
})

const submissions = createRoute({
  getParentRoute: () => root,
  path: '/submissions',
  component: lazyRouteComponent(() => import('./features/submissions/SubmissionsPage'), 'SubmissionsPage'),
})

const submitting = createRoute({
  getParentRoute: () => root,
  path: '/submissions/new',
  validateSearch: (search: Search) => some({
    run: text(search['run']),
    job: text(search['job']),
    model: text(search['model']),
    minutes: number(search['minutes']),
    hours: number(search['hours']),
  }),
  component: lazyRouteComponent(() => import('./features/submissions/NewPage'), 'NewPage'),
})

const submission = createRoute({
  getParentRoute: () => root,
  path: '/submissions/$submissionId',
  validateSearch: (search: Search) => some({ tab: oneOf(['writeup', 'video', 'files'] as const, search['tab']) }),
  component: lazyRouteComponent(() => import('./features/submissions/SubmissionPage'), 'SubmissionPage'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: (search: Search) => some({
    tab: oneOf(['workers', 'tokens', 'audit'] as const, search['tab']),
    actor: text(search['actor']),
    action: text(search['action']),
  }),
  component: lazyRouteComponent(() => import('./features/settings/SettingsPage'), 'SettingsPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    home, traces, compareTraces, trace, datasets, builder, dataset, train, runs, run, evaluations, compare, evaluation,
    leaderboard, submissions, submitting, submission, settings,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultNotFoundComponent: () => (
    <Page title="There is no such page">
      <Nothing title="This address leads nowhere">
        <p>It may be mistyped, or what it named is gone. The flow at the side leads to everything that is here.</p>
      </Nothing>
    </Page>
  ),
  defaultErrorComponent: ({ error, reset }) => (
    <Page title="This page failed">
      <ProblemNote problem={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    </Page>
  ),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
