import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { datasetsOptions } from '../../api/datasets'
import { Facts } from '../../parts/Facts'
import { Asked, Nothing } from '../../parts/Page'
import { figure, whole } from '../../parts/words'

const route = getRouteApi('/datasets/$datasetKey')

/** What changed from this dataset to another one, row by row. */
export function Difference({ datasetKey }: { datasetKey: string }) {
  const { other } = route.useSearch()
  const navigate = route.useNavigate()
  const datasets = useQuery(datasetsOptions)
  return (
    <Asked query={datasets}>
      {(found) => {
        const others = found.map(({ dataset_key }) => dataset_key).filter((key) => key !== datasetKey)
        return others.length > 0 ? (
          <>
            <div className="fields">
              <NativeSelect
                label="Compare with"
                value={other ?? ''}
                data={[{ value: '', label: 'choose one' }, ...others]}
                onChange={(event) => {
                  const { value } = event.currentTarget
                  void navigate({ search: (before) => ({ ...before, other: value || undefined }), resetScroll: false })
                }}
              />
            </div>
            {other && <Changes datasetKey={datasetKey} other={other} />}
          </>
        ) : (
          <Nothing title="Nothing to compare with">
            <p>This is the only dataset that is here.</p>
          </Nothing>
        )
      }}
    </Asked>
  )
}

function Changes({ datasetKey, other }: { datasetKey: string; other: string }) {
  const found = useQuery({
    queryKey: ['datasets', datasetKey, 'diff', other],
    queryFn: () => unwrap(api.GET('/api/datasets/{dataset_key}/diff', { params: { path: { dataset_key: datasetKey }, query: { other } } })),
  })
  return (
    <Asked query={found}>
      {({ identical, same, moved, edited, added, removed, examples, mean_shift }) => (
        <>
          <section className="card stack">
            <h2>{identical ? 'The same rows' : `From ${datasetKey} to ${other}`}</h2>
            <Facts facts={{ 'The same': whole(same), 'In another split': whole(moved), Edited: whole(edited), Added: whole(added), Removed: whole(removed) }} />
          </section>
          {!identical && (
            <section className="card stack">
              <h2>Change of the means</h2>
              <Facts facts={Object.fromEntries(Object.entries(mean_shift).map(([name, value]) => [name.replaceAll('_', ' '), `${value > 0 ? '+' : ''}${figure(value)}`]))} />
            </section>
          )}
          {Object.entries(examples)
            .filter(([, ids]) => ids.length > 0)
            .map(([change, ids]) => (
              <section key={change} className="card stack">
                <h2>{change}, for example</h2>
                <ul className="mono">
                  {ids.map((id) => (
                    <li key={id}>{id}</li>
                  ))}
                </ul>
              </section>
            ))}
        </>
      )}
    </Asked>
  )
}
