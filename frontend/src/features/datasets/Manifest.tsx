import type { Shape } from '../../api/client'
import { Facts } from '../../parts/Facts'
import { digest, duration, moment, whole } from '../../parts/words'
import { Chain } from './Chain'

const FORMATS = ['trace', 'messages', 'prompt_completion'] as const

/** What a dataset was made from and by what, so that it can be made again. */
export function Manifest({ dataset }: { dataset: Shape<'DatasetDetail'> }) {
  const { provenance, config } = dataset
  const set = Object.entries(config).filter(([name, value]) => value !== null && name !== 'against')
  return (
    <>
      <Chain dataset={dataset} />
      <section className="card stack">
        <h2>What it is</h2>
        <Facts
          facts={{
            'Digest of the rows': <span className="mono">{digest(dataset.digest)}</span>,
            'Digest of the folder': <span className="mono">{digest(dataset.folder_digest)}</span>,
            'Prompt contract': <span className="mono">{digest(dataset.contract_digest)}</span>,
            Built: moment(dataset.created),
            Took: duration(dataset.seconds),
            'Split by': dataset.split_by,
            'Code': <span className="mono">{digest(provenance.git_commit)}{provenance.git_dirty ? ', changed' : ''}</span>,
            'tunix-rt': provenance.tunix_rt,
            Python: provenance.python,
          }}
        />
      </section>
      <section className="card stack">
        <h2>Sources</h2>
        <ul className="plain-list">
          {dataset.sources.map(({ name, kind, digest: found, rows, imported }) => (
            <li key={name}>
              <b>{name}</b> {kind}, {whole(imported)} of {whole(rows)} rows <span className="mono quiet">{digest(found)}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="card stack">
        <h2>Settings</h2>
        <Facts facts={Object.fromEntries(set.map(([name, value]) => [name.replaceAll('_', ' '), typeof value === 'object' ? JSON.stringify(value) : String(value)]))} />
      </section>
      <section className="card row">
        <h2>Download</h2>
        {FORMATS.map((format) => (
          <a key={format} href={`/api/datasets/${encodeURIComponent(dataset.key)}/export.jsonl?format=${format}`} download>
            {format}
          </a>
        ))}
      </section>
    </>
  )
}
