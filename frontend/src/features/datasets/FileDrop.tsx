import { type DragEvent, useState } from 'react'
import classes from './FileDrop.module.css'

/** A place to drop a file on; it is a field for choosing one as well, so that the keyboard reaches it. */
export function FileDrop({ onFile }: { onFile: (file: File) => void }) {
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
      <span>
        <b>Drop a file here, or choose one</b>
      </span>
      <span className="quiet small">JSON lines, JSON, CSV or Parquet; .gz and .zst as well</span>
      <input
        type="file"
        aria-label="A file of traces"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file) onFile(file)
        }}
      />
    </label>
  )
}
