import { Button, Loader } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { api, unwrap } from '../../api/client'
import { Asked } from '../../parts/Page'
import { isActive, Status } from '../../parts/Status'
import { WithCode } from '../../parts/WithCode'
import { jobOptions } from './asked'

const route = getRouteApi('/submissions/new')

/** The job that bundles: watched until it ends, then its submission is opened. */
export function Making({ job }: { job: string }) {
  const navigate = route.useNavigate()
  const go = useNavigate()
  const queries = useQueryClient()
  const found = useQuery(jobOptions(job))
  const workers = useQuery({ queryKey: ['workers', 'alive'], queryFn: () => unwrap(api.GET('/api/workers')), refetchInterval: 5000 })
  const made = found.data?.status === 'completed' ? found.data.result?.['id'] : undefined
  useEffect(() => {
    if (typeof made !== 'string') return
    void queries.invalidateQueries({ queryKey: ['submissions', 'list'] })
    void go({ to: '/submissions/$submissionId', params: { submissionId: made }, replace: true })
  }, [made, queries, go])
  return (
    <Asked query={found}>
      {({ status, reason }) => (
        <section className="card stack" aria-label="The bundle">
          <div className="row" role="status">
            {isActive(status) && <Loader size="sm" aria-hidden />}
            <Status status={status} />
            <span>
              <WithCode text={words(status, workers.data?.data.some(({ alive }) => alive))} />
            </span>
          </div>
          {reason && <p className="bad prose">{reason}</p>}
          {!isActive(status) && status !== 'completed' && (
            <div>
              <Button
                variant="default"
                onClick={() => {
                  void navigate({ search: (before) => ({ ...before, job: undefined }) })
                }}
              >
                Back to the run
              </Button>
            </div>
          )}
        </section>
      )}
    </Asked>
  )
}

function words(status: string, worker: boolean | undefined): string {
  if (status === 'queued') return worker === false ? 'It waits for a worker, and none is alive: start one with `tunix-rt worker`.' : 'It waits for a worker.'
  if (status === 'running') return 'Every file is hashed, the papers are made and locked in. This takes seconds to minutes, by the size of the weights.'
  return status === 'completed' ? 'It is made.' : 'It was not made.'
}
