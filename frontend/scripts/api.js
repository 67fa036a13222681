// Write src/api/schema.ts from the service's OpenAPI document on stdin; with --check, fail if it is not what it says.
// Every error has the one shape of `Problem`, so that only what succeeds is described.
import { readFileSync, writeFileSync } from 'node:fs'
import { json } from 'node:stream/consumers'
import openapiTS, { astToString } from 'openapi-typescript'

const TARGET = 'src/api/schema.ts'
const document = await json(process.stdin)
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) {
    operation.responses = Object.fromEntries(Object.entries(operation.responses).filter(([status]) => status < '300'))
  }
}
const written = `// Written by scripts/api.js (\`make web-api\`); do not edit.\n${astToString(await openapiTS(document))}`
if (!process.argv.includes('--check')) writeFileSync(TARGET, written)
else if (readFileSync(TARGET, 'utf8') !== written) {
  console.error(`frontend/${TARGET} is not what the service says; run make web-api`)
  process.exit(1)
}
