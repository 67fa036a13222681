import { type DragEvent, useState } from 'react'
import classes from './FileDrop.module.css'

interface FileDropProps {
  /** Name of the file that was chosen before. */
  chosen: string | undefined
  onFile: (file: File) => void
}

/** A place to drop a file on; the field for choosing one looks like a button, and the keyboard reaches it as such. */
export function FileDrop({ chosen, onFile }: FileDropProps) {
  const [over, setOver] = useState(false)
  const drag = (event: DragEvent, here: boolean) => {
    event.preventDefault()
    setOver(here)
  }
  return (
    <label
      className={`${classes.drop ?? ''} ${over ? (classes.over ?? '') : ''}`}
      onDragOver={(event) => {
        drag(event, true)
      }}
      onDragLeave={(event) => {
        drag(event, false)
      }}
      onDrop={(event) => {
        drag(event, false)
        const file = event.dataTransfer.files[0]
        if (file) onFile(file)
      }}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 16V4m0 0L7 9m5-5 5 5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3" />
      </svg>
      <b>Drop a file here</b>
      <span className="quiet small">JSON lines, JSON, CSV or Parquet; .gz and .zst as well</span>
      <input
        type="file"
        className="visually-hidden"
        aria-label="A file of traces"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file) onFile(file)
        }}
      />
      <span className={classes.button} aria-hidden="true">
        {chosen ? 'Choose another file' : 'Choose a file'}
      </span>
    </label>
  )
}
