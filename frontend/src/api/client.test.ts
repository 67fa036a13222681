// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { away, problemOf } from './client'

test('a problem keeps what to do next and the wrong fields', () => {
  const body = { title: 'Not possible as asked', detail: 'limit: expected a number; correct it', errors: [{ field: 'limit' }] }
  const problem = problemOf(422, JSON.stringify(body))
  expect(problem).toMatchObject({ status: 422, title: body.title, message: body.detail, errors: body.errors })
})

test.each(['<html>bad gateway</html>', '', '{}', 'null'])('an answer of something on the way is told by its status: %j', (body) => {
  expect(problemOf(502, body)).toMatchObject({ status: 502, message: expect.stringContaining('502') as string })
})

test('a service that is away has no status', () => {
  expect(away().status).toBe(0)
})
