import { Button, NativeSelect } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { api, unwrap } from '../../api/client'
import { nextCursor } from '../../parts/Listed'
import { Asked, Nothing } from '../../parts/Page'
import { SearchField } from '../../parts/SearchField'
import { Answered } from './Answered'

const route = getRouteApi('/evaluations/$evaluationId')
const VERDICTS = ['right', 'wrong', 'unscored'] as const

/** Every answer of an evaluation, searched and filtered. */
export function SampleBrowser({ evaluationId, families }: { evaluationId: string; families: string[] }) {
  const { q, family, verdict, sample } = route.useSearch()
  const navigate = route.useNavigate()
  const samples = useInfiniteQuery({
    queryKey: ['evaluations', evaluationId, 'samples', { q, family, verdict, sample }],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/evaluations/{evaluation_id}/samples', {
          params: { path: { evaluation_id: evaluationId }, query: { q, family, verdict, sample, limit: 25, cursor: pageParam } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    staleTime: Infinity,
  })
  return (
    <section className="stack" aria-label="Samples" id="samples">
      <h2>Samples</h2>
      <div className="fields" role="search">
        <SearchField
          placeholder="in prompt, completion or target"
          maxLength={256}
          value={q}
          onSearch={(words) => {
            void navigate({ search: (before) => ({ ...before, q: words }), replace: true, resetScroll: false })
          }}
        />
        <NativeSelect
          label="Verdict"
          value={verdict ?? ''}
          data={[{ value: '', label: 'Any' }, ...VERDICTS]}
          onChange={(event) => {
            const chosen = VERDICTS.find((one) => one === event.currentTarget.value)
            void navigate({ search: (before) => ({ ...before, verdict: chosen }), resetScroll: false })
          }}
        />
        {sample && (
          <p>
            Item {sample} alone.{' '}
            <Link to="/evaluations/$evaluationId" params={{ evaluationId }} search={(before) => ({ ...before, sample: undefined })} resetScroll={false}>
              Show all
            </Link>
          </p>
        )}
        {families.length > 1 && (
          <NativeSelect
            label="Family"
            value={family ?? ''}
            data={[{ value: '', label: 'Any' }, ...families]}
            onChange={(event) => {
              const { value } = event.currentTarget
              void navigate({ search: (before) => ({ ...before, family: value || undefined }), resetScroll: false })
            }}
          />
        )}
      </div>
      <Asked query={samples}>
        {({ pages }) => {
          const found = pages.flatMap(({ data }) => data)
          return found.length > 0 || samples.hasNextPage ? (
            <ol className="plain-list stack">
              {found.map((sample) => (
                <Answered key={`${sample.id} ${sample.index.toString()}`} sample={sample} />
              ))}
            </ol>
          ) : (
            <Nothing title="No sample is like that">
              <p>
                <Link to="/evaluations/$evaluationId" params={{ evaluationId }} resetScroll={false}>
                  Show all samples
                </Link>
              </p>
            </Nothing>
          )
        }}
      </Asked>
      {samples.hasNextPage && (
        <div>
          <Button variant="default" loading={samples.isFetchingNextPage} onClick={() => void samples.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </section>
  )
}
