// Requests to the service, typed by its own description. What goes wrong is a Problem that says what to do next.
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'

type Schemas = components['schemas']
/** A shape of the wire, by its name in the service's description. */
export type Shape<Name extends keyof Schemas> = Schemas[Name]

/** What the service refused (RFC 9457), or that it did not answer at all: then `status` is 0. */
export class Problem extends Error {
  readonly status: number
  readonly title: string
  readonly errors: Record<string, unknown>[]

  constructor(status: number, title: string, detail: string, errors: Record<string, unknown>[] = []) {
    super(detail)
    this.status = status
    this.title = title
    this.errors = errors
  }
}

/** Return the problem that an answer's body tells. */
export function problemOf(status: number, body: string): Problem {
  try {
    const told = JSON.parse(body) as Partial<Shape<'Problem'>>
    if (told.detail) return new Problem(status, told.title ?? 'Refused', told.detail, told.errors ?? [])
  } catch {
    // not from the service itself, but from something on the way
  }
  return new Problem(status, 'No answer that can be read', `The service, or a proxy before it, answered ${status.toString()}.`)
}

/** Return the problem of a service that does not answer. */
export function away(): Problem {
  return new Problem(0, 'The service does not answer', 'Start it with `tunix-rt serve`; this page goes on by itself.')
}

let csrfToken: string | null = null

/** Remember what a cookie's owner sends with each change. */
export function rememberCsrf(token: string | null): void {
  csrfToken = token
}

/** Return the headers that a change needs. */
export function changeHeaders(): Record<string, string> {
  return csrfToken ? { 'X-CSRF-Token': csrfToken } : {}
}

const speaking: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') for (const [name, value] of Object.entries(changeHeaders())) request.headers.set(name, value)
    return request
  },
  async onResponse({ response }) {
    if (!response.ok) throw problemOf(response.status, await response.text())
  },
  onError({ error }) {
    return error instanceof Problem ? error : away()
  },
}

/** The client; `unwrap` takes the data out of what it returns. */
export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  // looked up at each call, so that what replaces it later is used
  fetch: (request) => globalThis.fetch(request),
})
api.use(speaking)

/** Return the data of an answer, all of which are successes: the others were thrown. */
export async function unwrap<Data>(answer: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await answer
  return data as Data
}
