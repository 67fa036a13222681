import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { api, Problem, unwrap } from '../api/client'
import classes from './Connection.module.css'

const CALM = 15_000
const LOST = 2000
const SAID = 5000

/** A banner while the service does not answer; when it does again, everything is asked anew. */
export function Connection() {
  const queries = useQueryClient()
  const health = useQuery({
    queryKey: ['health'],
    queryFn: () => unwrap(api.GET('/api/health')),
    retry: false,
    refetchInterval: (query) => (query.state.status === 'error' ? LOST : CALM),
  })
  const lost = health.error instanceof Problem && health.error.status === 0
  const before = useRef(false)
  const [back, setBack] = useState(false)
  useEffect(() => {
    const returned = before.current && !lost
    before.current = lost
    if (!returned) return
    setBack(true)
    void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'health' })
    const timer = setTimeout(() => {
      setBack(false)
    }, SAID)
    return () => {
      clearTimeout(timer)
    }
  }, [lost, queries])
  return (
    <div role="status">
      {lost && (
        <p className={`${classes.banner ?? ''} ${classes.lost ?? ''}`}>
          <b>The connection is lost.</b> What you see is what was last known; this page tries again every two seconds.
        </p>
      )}
      {!lost && back && <p className={classes.banner}>Connected again; everything is up to date.</p>}
    </div>
  )
}
