import { Tabs } from '@mantine/core'
import type { ReactNode } from 'react'

interface TabbedProps {
  /** Each tab: its word in the address, what it is called, and what it shows once it is chosen. */
  tabs: { value: string; name: string; content: ReactNode }[]
  chosen: string
  onChoose: (value: string | null) => void
}

/** Several views of one thing, of which one is shown. */
export function Tabbed({ tabs, chosen, onChoose }: TabbedProps) {
  return (
    <Tabs value={chosen} keepMounted={false} onChange={onChoose}>
      <Tabs.List>
        {tabs.map(({ value, name }) => (
          <Tabs.Tab key={value} value={value}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, content }) => (
        <Tabs.Panel key={value} value={value} pt="md" className="stack">
          {content}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}
