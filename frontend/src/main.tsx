import '@mantine/core/styles.css'
import './theme.css'
import './common'

import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { sessionOptions } from './api/session'
import { queries } from './queries'
import { router } from './routes'
import { theme } from './theme'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element #root')
// Asked for while the page is still on its way.
void queries.prefetchQuery(sessionOptions)
// Mantine's variables and classes come from its style sheet: the service's policy refuses styles written into the page.
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
