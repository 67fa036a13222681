import { Link } from '@tanstack/react-router'
import type { ColumnDef } from '@tanstack/react-table'
import type { Shape } from '../../api/client'
import { Table } from '../../parts/Table'
import { counted, digest } from '../../parts/words'

const COLUMNS: ColumnDef<[path: string, digest: string]>[] = [
  { header: 'File', meta: { wide: true }, cell: ({ row }) => row.original[0] },
  { header: 'Digest', cell: ({ row }) => <span className="mono">{digest(row.original[1])}</span> },
]

/** What a submission was made from, and every file in its archive. */
export function Inside({ submission }: { submission: Shape<'SubmissionManifest'> }) {
  const { run, run_digest, base_model, dataset, evaluations, files } = submission
  const chain: [string, string | null][] = [
    [`run ${run}`, run_digest],
    ['base model', base_model],
    ['dataset', dataset],
  ]
  return (
    <>
      <section className="card stack">
        <h2>Made from</h2>
        <ul className="plain-list">
          {chain.map(([name, found]) => (
            <li key={name}>
              {name} <span className="mono quiet">{found ? digest(found) : 'none is named'}</span>
            </li>
          ))}
          {Object.entries(evaluations).map(([name, found]) => (
            <li key={name}>
              evaluation{' '}
              <Link to="/evaluations/$evaluationId" params={{ evaluationId: name }}>
                {name}
              </Link>{' '}
              <span className="mono quiet">{digest(found)}</span>
            </li>
          ))}
        </ul>
      </section>
      <Table label="Files in the archive" rows={Object.entries(files)} columns={COLUMNS} rowId={([path]) => path} />
      <p className="quiet small">{counted(Object.keys(files).length, 'file')}</p>
    </>
  )
}
