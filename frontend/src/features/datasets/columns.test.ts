import { expect, test } from 'vitest'
import { peek } from './columns'

const file = (name: string, text: string) => new File([text], name)

test('columns of JSON lines and of JSON are those of the first row', async () => {
  const row = JSON.stringify({ question: 'How many?', steps: ['a', 'b'], 'answer\u00e9': 7 })
  const found = { question: 'How many?', steps: '["a","b"]', 'answer\u00e9': '7' }
  expect(await peek(file('a.jsonl', `\n${row}\n{"other": 1}`))).toEqual(found)
  expect(await peek(file('a.json', `[${row}]`))).toEqual(found)
})

test('a comma, a quote and a new line inside a CSV field are part of it', async () => {
  expect(await peek(file('a.csv', 'prompt,answer\r\n"Say ""hi"", then\nleave",42\r\nnext,1'))).toEqual({
    prompt: 'Say "hi", then\nleave',
    answer: '42',
  })
})

test('what cannot be read here is left to the service', async () => {
  expect(await peek(file('a.parquet', 'PAR1'))).toBeNull()
  expect(await peek(file('a.jsonl', '[not json'))).toBeNull()
  expect(await peek(file('a.jsonl', ''))).toBeNull()
})

test('a long value is cut', async () => {
  const found = await peek(file('a.jsonl', JSON.stringify({ text: 'x'.repeat(1000) })))
  expect(found?.['text']).toHaveLength(81)
})
