// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test } from 'vitest'
import { show } from '../testing'
import { MathematicsSwitch, Prose, useMathematics } from './Prose'

const TEXT = 'So $x = \\frac{1}{2}$ and $5.'

function Text({ text }: { text: string }) {
  const [drawn] = useMathematics()
  return <Prose text={text} drawn={drawn} />
}

beforeEach(() => {
  localStorage.clear()
})

test('mathematics is drawn, or shown as it was written', async () => {
  const { container } = show(
    <>
      <MathematicsSwitch texts={[TEXT]} />
      <p>
        <Text text={TEXT} />
      </p>
    </>,
  )
  await expect.poll(() => container.querySelector('math mfrac')).not.toBeNull()
  expect(container.querySelector('p style, p [style]')).toBeNull()
  await userEvent.click(screen.getByRole('switch', { name: 'Draw mathematics' }))
  expect(container.querySelector('math')).toBeNull()
  expect(screen.getByText(TEXT)).toBeInTheDocument()
})

test('what is no mathematics stays text, and asks for no switch', async () => {
  const { container } = show(
    <>
      <MathematicsSwitch texts={['money: $5']} />
      <p>
        <Text text={'$\\frac{1$ or $\\href{javascript:alert(1)}{x}$ <img src=x>'} />
      </p>
    </>,
  )
  expect(screen.queryByRole('switch')).toBeNull()
  await expect.poll(() => container.querySelector('math')).not.toBeNull()
  expect(container.querySelector('img, a, [href]')).toBeNull()
  expect(container).toHaveTextContent('$\\frac{1$')
})
