// Whether a run can be bundled: what is there, what is missing, and the next step. The bundle's own checklist says more.
import type { Shape } from '../../api/client'

/** A run with all that a bundle of it would hold. */
export interface Candidate {
  runId: string
  run: Pick<Shape<'RunDetail'>, 'status' | 'inputs' | 'outputs'>
  /** Paths of the files in its folder. */
  files: string[]
  /** Evaluations of what it trained. */
  measured: Pick<Shape<'EvaluationSummary'>, 'n' | 'task'>[]
}

/** One point: whether it holds, whether a bundle cannot be made without it, and what makes it hold. */
interface Point {
  good: boolean
  needed: boolean
  text: string
  next: string
}

/** Return the points of a candidate in the order in which one makes them hold. */
export function points({ runId, run, files, measured }: Candidate): Point[] {
  const scored = measured.filter(({ n }) => n > 0)
  return [
    {
      good: run.status === 'completed',
      needed: false,
      text: run.status === 'completed' ? 'The run ended by itself' : `The run is ${run.status}`,
      next: 'Resume it on its page, or start it over.',
    },
    {
      good: files.some((file) => file.startsWith('adapter/')),
      needed: true,
      text: 'Trained weights',
      next: 'Train until the end: weights are written with the last update.',
    },
    {
      good: scored.length > 0,
      needed: true,
      text: scored.length > 0 ? `A score of the trained model, ${scored.map((one) => `${one.task} (n ${one.n.toString()})`).join(', ')}` : 'A score of the trained model',
      next: `tunix-rt eval --run ${runId}`,
    },
    {
      good: 'base_contract' in run.outputs,
      needed: false,
      text: 'The base model measured on the same items, by the run itself',
      next: 'Only a session measures its base; for another run the comparison is on the leaderboard, not in the bundle.',
    },
    {
      good: Object.values(run.inputs).some(({ kind }) => kind === 'dataset'),
      needed: false,
      text: 'The dataset that it learned from, by its digest',
      next: 'Train on a frozen dataset, so that one can walk back to the traces.',
    },
    {
      good: files.some((file) => file.startsWith('exports/orbax/')),
      needed: false,
      text: 'The checkpoint that plain Tunix code loads',
      next: `tunix-rt export ${runId} --to orbax`,
    },
  ]
}
