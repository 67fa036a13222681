// A file on its way to the service, with how much of it is sent; `fetch` cannot say that.
import { away, changeHeaders, type Problem, problemOf, type Shape } from './client'

/** How a file is to be read; `mapping` names the columns of a file of no known schema. */
export interface UploadOptions {
  source_name?: string
  mapping?: Record<string, string>
  license?: string
  on_error: 'fail' | 'skip'
}

/** Return the fields of the form that says how a file is to be read. */
export function fieldsOf(options: UploadOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value ? [[name, typeof value === 'string' ? value : JSON.stringify(value)]] : [])),
  )
}

/** Send a file; `onProgress` gets the sent share, 0 to 1. Rejects with a Problem; aborting ends it. */
export function sendFile(
  file: File,
  options: UploadOptions,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<Shape<'UploadResult'>> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fieldsOf(options))) form.set(name, value)
  form.set('file', file)
  return new Promise((resolve, reject: (problem: Problem) => void) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/api/datasets/ingest')
    for (const [name, value] of Object.entries(changeHeaders())) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total)
    }
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as Shape<'UploadResult'>)
      else reject(problemOf(request.status, request.responseText))
    }
    request.onerror = () => {
      reject(away())
    }
    signal.addEventListener('abort', () => {
      request.abort()
    })
    request.send(form)
  })
}
