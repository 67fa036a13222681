// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { show } from '../../testing'
import { Pair } from './Pair'

test('a word that differs is deleted here and inserted there', () => {
  show(<Pair base={{ i: 1, text: '4 + 4 = 9' }} other={{ i: 2, text: '4 + 4 = 8' }} />)
  expect(screen.getByRole('deletion')).toHaveTextContent(/^9$/)
  expect(screen.getByRole('insertion')).toHaveTextContent(/^8$/)
  expect(screen.getByText('2')).toBeInTheDocument()
})

test('a step that one of them lacks is marked whole, and said to be missing', () => {
  show(<Pair base={undefined} other={{ i: 3, text: '<b>So 8.</b>' }} />)
  expect(screen.getByText('not in A')).toBeInTheDocument()
  expect(screen.getByRole('insertion')).toHaveTextContent('<b>So 8.</b>')
})
