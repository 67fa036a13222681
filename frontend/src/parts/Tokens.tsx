import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import { api, type Shape, unwrap } from '../api/client'
import { Facts } from './Facts'
import { Asked } from './Page'
import classes from './Tokens.module.css'
import { counted, whole } from './words'

const MODELS = ['nano', 'gemma3-270m', 'gemma3-1b-it', 'gemma2-2b-it'] as const
const AT_FIRST = 3000

/** A trace as the tokens that a base model reads: which are given, which are trained, and whether they fit into a row. */
export function Tokens({ traceId, text = '…' }: { traceId: string; text?: string | undefined }) {
  const [model, setModel] = useLocalStorage<(typeof MODELS)[number]>({ key: 'tokens of', defaultValue: MODELS[0] })
  const [row, setRow] = useState<number | string>('')
  const tokens = useQuery({
    queryKey: ['traces', traceId, 'tokens', model],
    queryFn: () => unwrap(api.GET('/api/traces/{trace_id}/tokens', { params: { path: { trace_id: traceId }, query: { model_id: model } } })),
    staleTime: Infinity,
  })
  return (
    <section className="card stack" aria-label="Tokens">
      <div className="fields">
        <NativeSelect
          label="Base model that reads it"
          description="One never used here takes a while"
          value={model}
          data={MODELS}
          onChange={(event) => {
            setModel(MODELS.find((one) => one === event.currentTarget.value) ?? MODELS[0])
          }}
        />
        <NumberInput
          label="Tokens of a row (max_length)"
          placeholder={tokens.data?.max_length.toString() ?? ''}
          min={8}
          max={32768}
          allowDecimal={false}
          value={row}
          onChange={setRow}
        />
      </div>
      {tokens.isLoadingError ? <Asked query={tokens}>{() => null}</Asked> : <Shown tokens={tokens.data} text={text} row={row} />}
    </section>
  )
}

/** The text at once, and its tokens once they are known: a tokenizer is read for them. */
function Shown({ tokens, text, row: asked }: { tokens: Shape<'TraceTokens'> | undefined; text: string; row: number | string }) {
  const [all, setAll] = useState(false)
  const { texts, given, max_length } = tokens ?? { texts: [], given: 0, max_length: 0 }
  const row = typeof asked === 'number' ? asked : max_length
  const shown = all ? texts : texts.slice(0, AT_FIRST)
  const over = texts.length - row
  const from = (start: number, end: number) =>
    shown.slice(start, end).map((text, place) => (
      <Fragment key={place}>
        {start + place === row && <b className={classes.end}>the row ends here</b>}
        <span className={classes.token}>{text}</span>
      </Fragment>
    ))
  return (
    <>
      <Facts
        facts={
          tokens
            ? { 'Given to it': whole(given), 'Trained to write': whole(texts.length - given), 'In all': counted(texts.length, 'token') }
            : { 'Given to it': '…', 'Trained to write': '…', 'In all': '…' }
        }
      />
      <p className={over > 0 ? 'bad' : 'quiet'} role="status">
        {!tokens
          ? 'The tokens are being found …'
          : over > 0
          ? `It is longer than a row by ${counted(over, 'token')}. Nothing is cut: a run refuses it, or leaves it out with overlong=drop.`
          : `It fits into a row of ${counted(row, 'token')}.`}
      </p>
      <p className="quiet small">
        <span className={classes.trained}>Marked tokens</span> are what the model is trained to write; the others are given to it.
      </p>
      <pre className={classes.text}>
        {tokens ? from(0, given) : text}
        {tokens && <span className={classes.trained}>{from(given, texts.length)}</span>}
      </pre>
      {shown.length < texts.length && (
        <div>
          <Button
            variant="default"
            onClick={() => {
              setAll(true)
            }}
          >
            Show the other {counted(texts.length - shown.length, 'token')}
          </Button>
        </div>
      )}
    </>
  )
}
