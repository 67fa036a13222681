import { Button, Modal } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import classes from './AsCommand.module.css'
import { Copy } from './Copy'

interface Command {
  /** The words after `tunix-rt`; left out where the command line has no such command. */
  cli?: string
  /** A request: its method, path and body. */
  method?: string
  path: string
  body?: unknown
  /** Fields of a form; a value that begins with @ names a file. */
  form?: Record<string, string>
}

/** Return a request as a `curl` command for this service. */
function asCurl({ method = 'GET', path, body, form = {} }: Command): string {
  const words = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quoted(globalThis.location.origin + path)]
  if (body !== undefined) words.push('-H', quoted('content-type: application/json'), '-d', quoted(JSON.stringify(body)))
  for (const [name, value] of Object.entries(form)) words.push('-F', quoted(`${name}=${value}`))
  return words.join(' ')
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

interface AsCommandProps extends Command {
  /** What else can be done here, by what its button says. */
  others?: Record<string, Command>
}

function linesOf(command: Command, before = ''): { name: string; text: string }[] {
  return [
    ...(command.cli ? [{ name: `${before}Command line`, text: `tunix-rt ${command.cli}` }] : []),
    { name: `${before}HTTP`, text: asCurl(command) },
  ]
}

/** A button that shows what the page shows or does as a command. */
export function AsCommand({ others = {}, ...command }: AsCommandProps) {
  const [opened, { open, close }] = useDisclosure(false)
  const lines = [...linesOf(command), ...Object.entries(others).flatMap(([name, other]) => linesOf(other, `${name} · `))]
  return (
    <>
      <Button variant="default" onClick={open}>
        As command
      </Button>
      <Modal opened={opened} onClose={close} title="The same as a command" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
        <div className="stack">
          {lines.map(({ name, text }) => (
            <div key={name}>
              <div className={classes.head}>
                <h3>{name}</h3>
                <Copy name={name} text={text} />
              </div>
              <pre className={classes.text}>{text}</pre>
            </div>
          ))}
          {!command.cli && <p className="quiet small">The command line has no command for this.</p>}
          <p className="quiet small">A service that asks for a token wants: -H 'authorization: Bearer TOKEN'</p>
        </div>
      </Modal>
    </>
  )
}
