import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { api } from '../../api/client'
import { ProblemNote } from '../../parts/ProblemNote'

interface StopProps {
  runId: string
  onDone: () => Promise<void>
}

/** A button that asks how a training shall end before its time. */
export function Stop({ runId, onDone }: StopProps) {
  const [opened, { open, close }] = useDisclosure(false)
  const params = { path: { run_id: runId } }
  const ending = useMutation({
    mutationFn: async (keep: boolean): Promise<unknown> =>
      keep ? api.POST('/api/tunix/runs/{run_id}/stop', { params }) : api.POST('/api/tunix/runs/{run_id}/cancel', { params }),
    onSuccess: async () => {
      close()
      await onDone()
    },
  })
  return (
    <>
      <Button variant="light" color="red" onClick={open}>
        Stop
      </Button>
      <Modal opened={opened} onClose={close} title="Stop this run?" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <div className="stack">
          <p>
            <b>Stop and save</b> ends it after its present update as if its time were over: its result and its weights count, and it can be measured and
            submitted.
          </p>
          <p>
            <b>Cancel the run</b> takes it back: it is marked as cancelled and cannot be submitted.
          </p>
          <p className="quiet">Either way its checkpoint is kept, and it can be resumed.</p>
          {ending.error && <ProblemNote problem={ending.error} />}
          <div className="row">
            <Button
              loading={ending.isPending && ending.variables}
              onClick={() => {
                ending.mutate(true)
              }}
            >
              Stop and save
            </Button>
            <Button
              color="red"
              variant="light"
              loading={ending.isPending && !ending.variables}
              onClick={() => {
                ending.mutate(false)
              }}
            >
              Cancel the run
            </Button>
            <Button variant="default" onClick={close} data-autofocus>
              Let it go on
            </Button>
          </div>
        </div>
      </Modal>
    </>
  )
}
