import { Alert, Button } from '@mantine/core'
import { Problem } from '../api/client'

const SHOWN = 8

/** Return what one of several errors says: of a field, a row, or a part of the service that is not as it should be. */
function words(error: Record<string, unknown>): string {
  if (error['ok'] === true) return ''
  const parts = [error['field'] ?? error['name'], error['message'] ?? error['reason'] ?? error['detail'], error['fix']]
  return parts.filter(Boolean).map(String).join(': ')
}

/** What went wrong and what to do next, as the service said it. */
export function ProblemNote({ problem, onRetry }: { problem: Error; onRetry?: () => void }) {
  const told = problem instanceof Problem ? problem : new Problem(0, 'This page failed', problem.message)
  const errors = told.errors.map(words).filter((said) => said && !told.message.includes(said))
  return (
    <Alert color="red" variant="light" title={told.title} role="alert">
      <p className="prose">{told.message}</p>
      {errors.length > 0 && (
        <ul>
          {errors.slice(0, SHOWN).map((error, place) => (
            <li key={place}>{error}</li>
          ))}
          {errors.length > SHOWN && <li>and {errors.length - SHOWN} more</li>}
        </ul>
      )}
      {onRetry && (
        <Button mt="sm" size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  )
}
