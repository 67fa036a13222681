import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { ProblemNote } from '../../parts/ProblemNote'
import { commandOf } from './recipe'
import type { Request } from './settings'

/** Puts the training into the queue and leads to its run. */
export function Start({ body }: { body: Request }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const starting = useMutation({
    mutationFn: () => unwrap(api.POST('/api/tunix/run', { body })),
    onSuccess: async ({ run_id }) => {
      await queries.invalidateQueries({ queryKey: ['runs'] })
      if (run_id) await navigate({ to: '/runs/$runId', params: { runId: run_id } })
    },
  })
  return (
    <>
      {starting.error && <ProblemNote problem={starting.error} />}
      <div className="row">
        <Button
          loading={starting.isPending}
          disabled={!body.dataset_key}
          onClick={() => {
            starting.mutate()
          }}
        >
          Start
        </Button>
        <AsCommand cli={commandOf(body)} method="POST" path="/api/tunix/run" body={body} />
      </div>
    </>
  )
}
