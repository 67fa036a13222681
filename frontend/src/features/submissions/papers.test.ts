import { expect, test } from 'vitest'
import { blocks, listed } from './papers'

test('a paper falls into the blocks that one sees', () => {
  const paper = [
    '# A model',
    '',
    'One run took it',
    'from traces. <script>alert(1)</script>',
    '',
    '| model | n |',
    '|---|--:|',
    '| trained | 60 |',
    '',
    '    2 + 2 = 4',
    '    so 4',
    '',
    '> spoken',
    '- one',
    '- two',
  ].join('\n')
  expect(blocks(paper)).toEqual([
    { kind: 'heading', level: 1, text: 'A model' },
    { kind: 'text', text: 'One run took it\nfrom traces. <script>alert(1)</script>' },
    { kind: 'table', head: ['model', 'n'], rows: [['trained', '60']] },
    { kind: 'code', text: '2 + 2 = 4\nso 4' },
    { kind: 'quote', text: 'spoken' },
    { kind: 'list', items: ['one', 'two'] },
  ])
})

test('a point of the checklist is true, open, or for a person', () => {
  const text = '# Before you submit\n\n- [x] the run ended by itself\n- [ ] OPEN: the base model was measured\n- [ ] by hand: record the video\n'
  expect(listed(text)).toEqual([
    { state: 'good', text: 'the run ended by itself' },
    { state: 'open', text: 'the base model was measured' },
    { state: 'hand', text: 'record the video' },
  ])
})
