import { Alert, Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Shape, unwrap } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Copy } from '../../parts/Copy'
import { ProblemNote } from '../../parts/ProblemNote'
import classes from './NewToken.module.css'

type Body = Shape<'TokenBody'>
const SCOPES: { value: Body['scope']; label: string }[] = [
  { value: 'read', label: 'read' },
  { value: 'write', label: 'read and change things' },
  { value: 'admin', label: 'everything, tokens too' },
]

/** A form for a token; its text is shown once, here, and is kept nowhere. */
export function NewToken() {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Body['scope']>('read')
  const [days, setDays] = useState<number | string>('')
  const body: Body = { name: name.trim(), scope, ...(typeof days === 'number' && { expires_days: days }) }
  const making = useMutation({
    mutationFn: () => unwrap(api.POST('/api/tokens', { body })),
    onSuccess: async () => {
      setName('')
      await queries.invalidateQueries({ queryKey: ['tokens'] })
    },
  })
  return (
    <form
      className="card stack"
      aria-label="A new token"
      onSubmit={(event) => {
        event.preventDefault()
        making.mutate()
      }}
    >
      <h2>A new token</h2>
      <div className="fields">
        <TextInput
          label="Name"
          placeholder="who or what uses it"
          required
          withAsterisk={false}
          maxLength={128}
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value)
          }}
        />
        <NativeSelect
          label="May"
          data={SCOPES}
          value={scope}
          onChange={(event) => {
            setScope(SCOPES.find(({ value }) => value === event.currentTarget.value)?.value ?? 'read')
          }}
        />
        <NumberInput label="Ends after" placeholder="never" suffix=" days" min={1} max={3650} value={days} onChange={setDays} />
      </div>
      {making.error && <ProblemNote problem={making.error} />}
      {making.data && (
        <Alert color="indigo" variant="light" title={`The token of ${making.data.name}`} role="status">
          <p>It is shown this once and kept nowhere: copy it now.</p>
          <div className={classes.token}>
            <code>{making.data.token}</code>
            <Copy name="the token" text={making.data.token} variant="default" />
          </div>
        </Alert>
      )}
      <div className="row">
        <Button type="submit" loading={making.isPending}>
          Make it
        </Button>
        <AsCommand
          cli={`token create ${body.name || 'NAME'} --scope ${scope}${body.expires_days ? ` --expires-days ${body.expires_days.toString()}` : ''}`}
          method="POST"
          path="/api/tokens"
          body={body}
        />
      </div>
    </form>
  )
}
