import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { api, type Shape, unwrap } from '../../api/client'
import { nextCursor } from '../../parts/Listed'
import { Asked } from '../../parts/Page'
import { whole } from '../../parts/words'
import { Rendered } from './Rendered'
import classes from './Samples.module.css'

const route = getRouteApi('/datasets/$datasetKey')
const SPLITS = ['train', 'valid', 'test'] as const

/** Rows as the model reads them: what it is given, and what it is trained to write. */
export function Samples({ dataset }: { dataset: Shape<'DatasetDetail'> }) {
  const { split = 'train' } = route.useSearch()
  const navigate = route.useNavigate()
  const rows = useInfiniteQuery({
    queryKey: ['datasets', dataset.key, 'preview', split],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/datasets/{dataset_key}/preview', {
          params: { path: { dataset_key: dataset.key }, query: { split, limit: 20, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
  })
  return (
    <>
      <div className="fields">
        <NativeSelect
          label="Split"
          value={split}
          data={SPLITS.filter((one) => dataset.splits[one]).map((one) => ({ value: one, label: `${one} (${whole(dataset.splits[one])})` }))}
          onChange={(event) => {
            const chosen = SPLITS.find((one) => one === event.currentTarget.value)
            void navigate({ search: (before) => ({ ...before, split: chosen }) })
          }}
        />
        <p className="quiet small">
          <span className={classes.trained}>Marked text</span> is what the model is trained to write; the rest is given to it.
        </p>
      </div>
      <Asked query={rows}>
        {({ pages }) => (
          <ol className="plain-list stack">
            {pages
              .flatMap(({ data }) => data)
              .map((row) => (
                <li key={row.id} className="card">
                  <div className="quiet small">
                    Row {row.row} <span className="mono">{row.id}</span>
                  </div>
                  <Rendered {...row} />
                </li>
              ))}
          </ol>
        )}
      </Asked>
      {rows.hasNextPage && (
        <div>
          <Button variant="default" loading={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  )
}
