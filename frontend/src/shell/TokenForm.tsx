import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, rememberCsrf, unwrap } from '../api/client'
import { Page } from '../parts/Page'
import { ProblemNote } from '../parts/ProblemNote'

/** Asks for a token, with which a cookie session begins; the token itself is kept nowhere. */
export function TokenForm() {
  const queries = useQueryClient()
  const [token, setToken] = useState('')
  const entering = useMutation({
    mutationFn: () => unwrap(api.POST('/api/session', { body: { token: token.trim() } })),
    onSuccess: (who) => {
      rememberCsrf(who.csrf_token)
      queries.setQueryData(['session'], who)
      void queries.invalidateQueries()
    },
  })
  return (
    <Page title="A token, please" about="This service lets nobody in without one. Whoever runs it makes one with `tunix-rt token create`.">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          entering.mutate()
        }}
      >
        <PasswordInput
          label="Token"
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
          required
          withAsterisk={false}
          value={token}
          onChange={(event) => {
            setToken(event.currentTarget.value)
          }}
        />
        {entering.error && <ProblemNote problem={entering.error} />}
        <div>
          <Button type="submit" loading={entering.isPending}>
            Enter
          </Button>
        </div>
      </form>
    </Page>
  )
}
