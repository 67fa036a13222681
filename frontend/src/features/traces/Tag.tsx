import { Button, Modal, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { facetOptions } from '../../api/facets'
import { AsCommand } from '../../parts/AsCommand'
import { ProblemNote } from '../../parts/ProblemNote'
import { counted } from '../../parts/words'
import { type Change, tagAll } from './tags'

interface TagProps {
  ids: string[]
  onDone: () => unknown
}

/** A button that puts a tag on traces, or takes one off. */
export function Tag({ ids, onDone }: TagProps) {
  const [opened, { open, close }] = useDisclosure(false)
  const tagging = useMutation({
    mutationFn: (change: Change) => tagAll(ids, change),
    onSuccess: async () => {
      close()
      await onDone()
    },
  })
  return (
    <>
      <Button variant="light" onClick={open}>
        Tag
      </Button>
      <Modal opened={opened} onClose={close} title={`Tag ${counted(ids.length, 'trace')}`} closeButtonProps={{ 'aria-label': 'Close' }}>
        <TagForm ids={ids} problem={tagging.error} pending={tagging.isPending} onChange={tagging.mutate} />
      </Modal>
    </>
  )
}

interface TagFormProps {
  ids: string[]
  problem: Error | null
  pending: boolean
  onChange: (change: Change) => void
}

/** Which tag; Enter puts it on. */
export function TagForm({ ids, problem, pending, onChange }: TagFormProps) {
  const facets = useQuery(facetOptions)
  const [typed, setTyped] = useState('')
  const tag = typed.trim()
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (tag) onChange({ add: [tag], remove: [] })
      }}
    >
      <TextInput
        label="Tag"
        description="A word or a few, such as: to check"
        maxLength={64}
        list="known-tags"
        autoComplete="off"
        data-autofocus
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
        }}
      />
      <datalist id="known-tags">{facets.data?.tag.map(({ value }) => <option key={value} value={value} />)}</datalist>
      {problem && <ProblemNote problem={problem} />}
      <div className="row">
        <Button type="submit" disabled={!tag} loading={pending}>
          Put it on
        </Button>
        <Button
          variant="default"
          disabled={!tag || pending}
          onClick={() => {
            onChange({ add: [], remove: [tag] })
          }}
        >
          Take it off
        </Button>
        <AsCommand method="POST" path="/api/traces/tags" body={{ trace_ids: ids, add: [tag] }} />
      </div>
    </form>
  )
}
