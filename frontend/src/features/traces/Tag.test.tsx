// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { Problem } from '../../api/client'
import { show } from '../../testing'
import { TagForm } from './Tag'
import { type Change, parts } from './tags'

test('a tag is put on by Enter and taken off by its button; no tag is none', async () => {
  const asked: Change[] = []
  show(<TagForm ids={['a']} problem={null} pending={false} onChange={(change) => asked.push(change)} />)
  const field = screen.getByRole('combobox', { name: 'Tag' })
  const [on, off] = [screen.getByRole('button', { name: 'Put it on' }), screen.getByRole('button', { name: 'Take it off' })]
  await userEvent.type(field, '  {Enter}')
  expect(on).toBeDisabled()
  expect(off).toBeDisabled()
  await userEvent.type(field, 'to check {Enter}')
  await userEvent.click(off)
  expect(asked).toEqual([
    { add: ['to check'], remove: [] },
    { add: [], remove: ['to check'] },
  ])
})

test('what the service refuses is said', () => {
  show(<TagForm ids={['a']} problem={new Problem(422, 'Not possible', 'take some off first')} pending={false} onChange={() => undefined} />)
  expect(screen.getByRole('alert')).toHaveTextContent('take some off first')
})

test('many traces are sent a thousand at a time, each once', () => {
  const ids = Array.from({ length: 2500 }, (_, place) => place.toString())
  expect(parts(ids).map(({ length }) => length)).toEqual([1000, 1000, 500])
  expect(parts(ids).flat()).toEqual(ids)
  expect(parts([])).toEqual([])
})
