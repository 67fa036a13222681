import { getRouteApi, Link } from '@tanstack/react-router'
import { Page } from '../../parts/Page'
import { Build } from './Build'
import classes from './BuilderPage.module.css'
import { Upload } from './Upload'

const route = getRouteApi('/datasets/new')
const STEPS = ['A file and its columns', 'Rows, filters and settings', 'The dataset']

/** From a file to a frozen dataset; where one is stands in the address. */
export function BuilderPage() {
  const { upload } = route.useSearch()
  const at = upload ? 1 : 0
  return (
    <Page title="Build a dataset" above={<Link to="/datasets">Datasets</Link>} about="A file becomes traces; traces become a dataset that never changes again.">
      <ol className={classes.steps} aria-label="Steps">
        {STEPS.map((name, place) => (
          <li key={name} aria-current={place === at ? 'step' : undefined} className={place < at ? classes.done : ''}>
            {place === 0 && at > 0 ? <Link to="/datasets/new">{name}</Link> : name}
          </li>
        ))}
      </ol>
      {upload ? <Build upload={upload} /> : <Upload />}
    </Page>
  )
}
