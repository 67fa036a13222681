import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { ProblemNote } from './ProblemNote'

interface ConfirmedProps {
  /** Whether it stands in a row of a table. */
  small?: boolean
  /** What the button says, here and in the dialog. */
  name: string
  title: string
  /** What will be gone, and what stays. */
  about: string
  act: () => Promise<unknown>
  onDone: () => unknown
}

/** A button for what cannot be undone: it asks first, and says what goes wrong. */
export function Confirmed({ small = false, name, title, about, act, onDone }: ConfirmedProps) {
  const [opened, { open, close }] = useDisclosure(false)
  const acting = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      close()
      await onDone()
    },
  })
  return (
    <>
      <Button variant="light" color="red" size={small ? 'compact-sm' : 'sm'} onClick={open}>
        {name}
      </Button>
      <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
        <div className="stack">
          <p className="prose">{about}</p>
          {acting.error && <ProblemNote problem={acting.error} />}
          <div className="row">
            <Button
              color="red"
              loading={acting.isPending}
              onClick={() => {
                acting.mutate()
              }}
            >
              {name}
            </Button>
            <Button variant="default" onClick={close} data-autofocus>
              Keep it
            </Button>
          </div>
        </div>
      </Modal>
    </>
  )
}
