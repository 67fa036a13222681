import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { api } from '../../api/client'
import { AsCommand } from '../../parts/AsCommand'
import { Confirmed } from '../../parts/Confirmed'
import { Asked, Page } from '../../parts/Page'
import { Tabbed } from '../../parts/Tabbed'
import { datasetOptions } from './asked'
import { Difference } from './Difference'
import { LeftOut } from './LeftOut'
import { Manifest } from './Manifest'
import { Overview } from './Overview'
import { Samples } from './Samples'

const route = getRouteApi('/datasets/$datasetKey')
const TABS = ['samples', 'left-out', 'manifest', 'diff'] as const

/** One dataset: what is in it, what was left out, and what it was made from. */
export function DatasetPage() {
  const { datasetKey } = route.useParams()
  const { tab = 'overview' } = route.useSearch()
  const navigate = route.useNavigate()
  const go = useNavigate()
  const queries = useQueryClient()
  const dataset = useQuery(datasetOptions(datasetKey))
  return (
    <Page
      title={datasetKey}
      above={<Link to="/datasets">Datasets</Link>}
      actions={
        <>
          <Button renderRoot={(props) => <Link to="/train" search={{ dataset: datasetKey }} {...props} />}>Train on it</Button>
          <Confirmed
            name="Delete"
            title="Delete this dataset?"
            about="Its folder goes. The traces that it was built from stay, and so do runs that were trained on it."
            act={() => api.DELETE('/api/datasets/{dataset_key}', { params: { path: { dataset_key: datasetKey } } })}
            onDone={async () => {
              queries.removeQueries({ queryKey: ['datasets', datasetKey] })
              await go({ to: '/datasets' })
              await queries.invalidateQueries({ queryKey: ['datasets'] })
            }}
          />
          <AsCommand cli={`data show ${datasetKey}`} path={`/api/datasets/${datasetKey}`} />
        </>
      }
    >
      <Asked query={dataset}>
        {(found) => (
          <Tabbed
            chosen={tab}
            onChoose={(chosen) => {
              void navigate({ search: (before) => ({ ...before, tab: TABS.find((one) => one === chosen) }) })
            }}
            tabs={[
              { value: 'overview', name: 'Overview', content: <Overview dataset={found} /> },
              { value: 'samples', name: 'Samples', content: <Samples dataset={found} /> },
              { value: 'left-out', name: 'Left out', content: <LeftOut dataset={found} /> },
              { value: 'manifest', name: 'Manifest', content: <Manifest dataset={found} /> },
              { value: 'diff', name: 'Difference', content: <Difference datasetKey={datasetKey} /> },
            ]}
          />
        )}
      </Asked>
    </Page>
  )
}
