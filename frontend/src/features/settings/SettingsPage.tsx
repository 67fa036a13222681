import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { sessionOptions } from '../../api/session'
import { Nothing, Page } from '../../parts/Page'
import { Tabbed } from '../../parts/Tabbed'
import { Audit } from './Audit'
import { Health } from './Health'
import { Tokens } from './Tokens'
import { Workers } from './Workers'

const route = getRouteApi('/settings')
const TABS = ['workers', 'tokens', 'audit'] as const

/** Whether the service is well, who works for it, who may use it, and who changed what. */
export function SettingsPage() {
  const { tab = 'health' } = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <Page title="Settings" about="Whether the service is well, who works for it, who may use it, and who changed what.">
      <Tabbed
        chosen={tab}
        onChoose={(chosen) => {
          void navigate({ search: { tab: TABS.find((one) => one === chosen) } })
        }}
        tabs={[
          { value: 'health', name: 'Health', content: <Health /> },
          { value: 'workers', name: 'Workers', content: <Workers /> },
          { value: 'tokens', name: 'Tokens', content: <OfAdmins what="Tokens are made and revoked" content={<Tokens />} /> },
          { value: 'audit', name: 'Audit log', content: <OfAdmins what="The audit log is read" content={<Audit />} /> },
        ]}
      />
    </Page>
  )
}

/** What only an administrator may see; everyone else is told who they are and what it takes. */
function OfAdmins({ what, content }: { what: string; content: ReactNode }) {
  const { data: who } = useQuery(sessionOptions)
  if (!who || who.scope === 'admin') return content
  return (
    <Nothing title="This is for administrators">
      <p>
        You are here as {who.name}, who may {who.scope === 'read' ? 'read' : 'read and change things'}. {what} with a token of scope admin: whoever runs the service makes one with{' '}
        <code>tunix-rt token create NAME --scope admin</code>.
      </p>
    </Nothing>
  )
}
