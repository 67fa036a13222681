import { useQueries } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { api, unwrap } from '../../api/client'
import { AlongSelect } from '../../parts/AlongSelect'
import { Curve } from '../../parts/Curve'
import type { Measured } from '../../parts/curves'
import { Nothing } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { View } from '../../parts/view'
import { evaluationOptions } from './asked'
import { Configs } from './Configs'
import { overlaid } from './overlay'
import classes from './TwoRuns.module.css'

const route = getRouteApi('/evaluations/compare')
const POINTS = 1500
const SMOOTH = 0.6

/** The runs whose models were measured: their curves over each other, and where their configurations differ. */
export function TwoRuns({ a, b }: { a: string; b: string }) {
  const measured = useQueries({ queries: [evaluationOptions(a), evaluationOptions(b)] })
  const [ofA, ofB] = measured.map(({ data }) => data?.model.run)
  if (!measured.every(({ isSuccess }) => isSuccess)) return null // the comparison above says what is wrong
  if (ofA && ofA === ofB) {
    return (
      <Nothing title="Both measured the same run">
        <p>Its curves and its configuration are on its own page.</p>
      </Nothing>
    )
  }
  return (
    <>
      {(ofA ?? ofB) && <Curves a={ofA ?? null} b={ofB ?? null} />}
      {ofA && ofB && <Configs a={ofA} b={ofB} />}
    </>
  )
}

function Curves({ a, b }: { a: string | null; b: string | null }) {
  const { x: along = 'step' } = route.useSearch()
  const navigate = route.useNavigate()
  const found = useQueries({ queries: [metricsOptions(a), metricsOptions(b)] })
  const [ofA, ofB] = found.map(({ data }) => data)
  const drawn = useMemo(() => overlaid(ofA ?? [], ofB ?? [], along), [ofA, ofB, along])
  const [view] = useState(() => new View())
  useEffect(() => {
    const x = drawn.flatMap((chart) => [chart.x[0] ?? 0, chart.x.at(-1) ?? 0])
    view.settle({ min: Math.min(...x), max: Math.max(...x) }, null)
  }, [view, drawn])
  const problem = found.find(({ error }) => error)?.error
  return (
    <section className="stack" aria-label="Curves of both runs">
      <div className={`card ${classes.head ?? ''}`}>
        <h2>Curves of both runs</h2>
        <AlongSelect
          value={along}
          onChoose={(x) => {
            void navigate({ search: (before) => ({ ...before, x }), replace: true, resetScroll: false })
          }}
        />
        <p className="quiet small">
          <Named side="A" run={a} />
          <Named side="B" run={b} />
        </p>
      </div>
      {problem && <ProblemNote problem={problem} />}
      {drawn.length > 0 ? (
        <div className={classes.charts}>
          {drawn.map((chart) => (
            <Curve key={chart.title} chart={chart} view={view} along={along} smooth={SMOOTH} logarithmic={false} />
          ))}
        </div>
      ) : (
        found.every(({ isPending }) => !isPending) && <p className="quiet">Neither run wrote a loss.</p>
      )}
    </section>
  )
}

function Named({ side, run }: { side: string; run: string | null }) {
  return (
    <span className={classes.side}>
      <b>{side}</b>{' '}
      {run ? (
        <Link to="/runs/$runId" params={{ runId: run }}>
          {run}
        </Link>
      ) : (
        'a base model, which was not trained'
      )}
    </span>
  )
}

function metricsOptions(runId: string | null) {
  return {
    queryKey: ['runs', runId, 'metrics', 'compared'],
    queryFn: async () =>
      runId === null ? [] : ((await unwrap(api.GET('/api/tunix/runs/{run_id}/metrics', { params: { path: { run_id: runId }, query: { points: POINTS } } }))) as Measured[]),
  }
}
