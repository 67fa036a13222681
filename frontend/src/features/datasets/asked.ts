// What is asked of the service about datasets.
import { queryOptions } from '@tanstack/react-query'
import { api, unwrap } from '../../api/client'

/** The manifest of a dataset. */
export function datasetOptions(datasetKey: string) {
  return queryOptions({
    queryKey: ['datasets', datasetKey],
    queryFn: () => unwrap(api.GET('/api/datasets/{dataset_key}', { params: { path: { dataset_key: datasetKey } } })),
  })
}

/** An upload, asked for again while it is at work. */
export function uploadOptions(uploadId: string) {
  return queryOptions({
    queryKey: ['uploads', uploadId],
    queryFn: () => unwrap(api.GET('/api/datasets/uploads/{upload_id}', { params: { path: { upload_id: uploadId } } })),
    refetchInterval: (query) => (['receiving', 'reading', 'inserting'].includes(query.state.data?.status ?? '') ? 1000 : false),
  })
}
