import { Button, Modal, NativeSelect, NumberInput, Switch } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Asked } from '../../parts/Page'
import { ProblemNote } from '../../parts/ProblemNote'
import { isActive, Status } from '../../parts/Status'

const LIVE = 2000

/** What was asked for, and its job. */
interface Queued {
  name: string
  jobId: string
}

/** A button that has what a run trained measured, and its base on the same items. */
export function Evaluate({ runId, model }: { runId: string; model: string }) {
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button variant="default" onClick={open}>
        Evaluate
      </Button>
      <Modal opened={opened} onClose={close} title="Evaluate what this run trained" closeButtonProps={{ 'aria-label': 'Close' }}>
        <Settings runId={runId} model={model} />
      </Modal>
    </>
  )
}

function Settings({ runId, model }: { runId: string; model: string }) {
  const tasks = useQuery({ queryKey: ['tasks'], queryFn: () => unwrap(api.GET('/api/tasks')), staleTime: Infinity })
  return <Asked query={tasks}>{(found) => <Form runId={runId} model={model} tasks={found.filter(({ problem }) => problem === null)} />}</Asked>
}

function Form({ runId, model, tasks }: { runId: string; model: string; tasks: Shape<'TaskSummary'>[] }) {
  const [task, setTask] = useState(tasks[0]?.name ?? '')
  const [limit, setLimit] = useState<number | string>('')
  const [base, setBase] = useState(true)
  const body = { task, ...(typeof limit === 'number' && { limit }) }
  const asking = useMutation({
    mutationFn: async (): Promise<Queued[]> => {
      const trained = await unwrap(api.POST('/api/tunix/runs/{run_id}/evaluate', { params: { path: { run_id: runId } }, body: body as Omit<Shape<'EvaluateBody'>, 'judge_override'> }))
      const queued = [{ name: 'This run', jobId: trained.job_id }]
      if (!base) return queued
      const other = await unwrap(api.POST('/api/evaluations', { body: { ...body, model } as Shape<'EvaluationBody'> }))
      return [...queued, { name: `${model}, its base`, jobId: other.job_id }]
    },
  })
  if (asking.data) return <Measuring queued={asking.data} runId={runId} task={task} />
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        asking.mutate()
      }}
    >
      <NativeSelect
        label="Task"
        value={task}
        data={tasks.map(({ name, items }) => ({ value: name, label: items === null ? name : `${name} (${items.toLocaleString('en')})` }))}
        onChange={(event) => {
          setTask(event.currentTarget.value)
        }}
      />
      <NumberInput label="Items at most" placeholder="all" min={1} max={100_000} allowDecimal={false} value={limit} onChange={setLimit} />
      <Switch
        label={`Its base as well: ${model}`}
        checked={base}
        onChange={(event) => {
          setBase(event.currentTarget.checked)
        }}
      />
      {asking.error && <ProblemNote problem={asking.error} />}
      <div className="row">
        <Button type="submit" loading={asking.isPending}>
          Measure
        </Button>
        <AsCommand
          cli={`eval --run ${runId} --task ${task}${typeof limit === 'number' ? ` --limit ${limit.toString()}` : ''}`}
          method="POST"
          path={`/api/tunix/runs/${runId}/evaluate`}
          body={body}
        />
      </div>
    </form>
  )
}

/** How far the measurements are, and where they will stand. */
function Measuring({ queued, runId, task }: { queued: Queued[]; runId: string; task: string }) {
  const queries = useQueryClient()
  const jobs = useQueries({
    queries: queued.map(({ jobId }) => ({
      queryKey: ['jobs', jobId],
      queryFn: () => unwrap(api.GET('/api/jobs/{job_id}', { params: { path: { job_id: jobId } } })),
      refetchInterval: LIVE,
    })),
  })
  const done = jobs.filter(({ data }) => data && !isActive(data.status)).length
  useEffect(() => {
    if (done > 0) void queries.invalidateQueries({ predicate: ({ queryKey }) => ['evaluations', 'leaderboard'].includes(String(queryKey[0])) })
  }, [done, queries])
  return (
    <div className="stack">
      <ul className="plain-list stack" aria-label="Measurements">
        {queued.map(({ name, jobId }, place) => (
          <li key={jobId} className="row">
            <Status status={jobs[place]?.data?.status ?? 'queued'} /> {name}
            {jobs[place]?.data?.reason && <span className="quiet small prose">{jobs[place].data.reason}</span>}
          </li>
        ))}
      </ul>
      <p className="quiet small prose">They go on when this is closed.</p>
      <p>
        <Link to="/evaluations" search={{ run_id: runId }}>
          Evaluations of this run
        </Link>{' '}
        · <Link to="/leaderboard" search={{ task }}>Leaderboard</Link>
      </p>
    </div>
  )
}
