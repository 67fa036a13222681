import classes from './Tags.module.css'

/** Words that people put on something. */
export function Tags({ tags }: { tags: string[] }) {
  if (tags.length === 0) return '–'
  return (
    <ul className={classes.tags} aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag} title={tag}>
          <bdi>{tag}</bdi>
        </li>
      ))}
    </ul>
  )
}
