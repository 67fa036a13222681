import { NativeSelect } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Estimate } from '../../parts/Estimate'
import { Listed, nextCursor } from '../../parts/Listed'
import { Nothing, Page } from '../../parts/Page'
import { figure, moment } from '../../parts/words'
import classes from './LeaderboardPage.module.css'

type Row = Shape<'LeaderboardRow'>
const route = getRouteApi('/leaderboard')

function columns(score: 'strict' | 'lenient'): ColumnDef<Row>[] {
  return [
    {
      header: 'Rank',
      cell: ({ row: { original } }) => (
        <>
          {original.rank ?? '–'}
          {original.tied > 0 && <span className="quiet small"> tie of {original.tied + 1}</span>}
        </>
      ),
    },
    {
      header: 'Model',
      meta: { wide: true },
      cell: ({ row: { original } }) => (
        <>
          <Link to="/evaluations/$evaluationId" params={{ evaluationId: original.evaluation_id }} title={original.evaluation_id}>
            {original.run_id ?? original.model_id}
          </Link>
          {original.is_base && <span className={classes.base}>base</span>}
        </>
      ),
    },
    { header: 'Prompt', cell: ({ row }) => row.original.prompt.replaceAll('_', ' ') },
    { header: 'Score', cell: ({ row }) => <Estimate name="Score" of={row.original[score]} /> },
    { header: 'n', meta: { align: 'end' }, accessorKey: 'n' },
    { header: 'p to the first of its rank', meta: { align: 'end' }, cell: ({ row }) => figure(row.original.p) },
    { header: 'Measured', meta: { align: 'end' }, cell: ({ row }) => moment(row.original.evaluated_at) },
  ]
}

/** Models ranked on the same items under the same contract; what cannot be told apart shares a rank. */
export function LeaderboardPage() {
  const { task, score = 'strict' } = route.useSearch()
  const navigate = route.useNavigate()
  const tasks = useQuery({ queryKey: ['tasks'], queryFn: () => unwrap(api.GET('/api/tasks')), staleTime: Infinity })
  const board = useInfiniteQuery({
    queryKey: ['leaderboard', task, score],
    queryFn: ({ pageParam }) => unwrap(api.GET('/api/leaderboard', { params: { query: { task, score, limit: 50, cursor: pageParam } } })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  const shown = board.data?.pages[0]
  const names = new Set(tasks.data?.map(({ name }) => name))
  if (shown?.task) names.add(shown.task)
  return (
    <Page
      title="Leaderboard"
      about="Same items, same prompt contract. Models that a paired test cannot tell apart share a rank; the line is the 95 % interval."
      actions={<AsCommand path={`/api/leaderboard${task ? `?task=${encodeURIComponent(task)}` : ''}`} />}
    >
      <div className="fields">
        <NativeSelect
          label="Task"
          value={task ?? shown?.task ?? ''}
          data={[...(shown?.task || task ? [] : [{ value: '', label: 'none was measured' }]), ...[...names].sort()]}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, task: value || undefined }) })
          }}
        />
        <NativeSelect
          label="Score"
          value={score}
          data={[
            { value: 'strict', label: 'Right, in its place' },
            { value: 'lenient', label: 'Right, found anywhere' },
          ]}
          onChange={(event) => {
            const { value } = event.currentTarget
            void navigate({ search: (before) => ({ ...before, score: value === 'lenient' ? value : undefined }) })
          }}
        />
      </div>
      <Listed
        label="Leaderboard"
        query={board}
        columns={columns(score)}
        rowId={({ evaluation_id }) => evaluation_id}
        nothing={
          <Nothing title={task ? `Nothing was measured on ${task}` : 'Nothing was measured yet'}>
            <p>
              Measure a base model and a run on the same task: <code>tunix-rt eval --model gemma3-270m{task ? ` --task ${task}` : ''}</code>.
            </p>
          </Nothing>
        }
      />
      {shown && shown.total > 0 && <p className="quiet small">{shown.method}</p>}
    </Page>
  )
}
