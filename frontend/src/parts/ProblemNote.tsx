import { Alert, Button } from '@mantine/core'
import { Problem } from '../api/client'

const SHOWN = 8

/** What went wrong and what to do next, as the service said it. */
export function ProblemNote({ problem, onRetry }: { problem: Error; onRetry?: () => void }) {
  const told = problem instanceof Problem ? problem : new Problem(0, 'This page failed', problem.message)
  return (
    <Alert color="red" variant="light" title={told.title} role="alert">
      <p className="prose">{told.message}</p>
      {told.errors.length > 0 && (
        <ul>
          {told.errors.slice(0, SHOWN).map((error, place) => (
            <li key={place}>
              {[error['field'], error['message'] ?? error['reason'], error['fix']].filter(Boolean).map(String).join(': ')}
            </li>
          ))}
          {told.errors.length > SHOWN && <li>and {told.errors.length - SHOWN} more</li>}
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
