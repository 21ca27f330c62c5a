/** Writes for people and for pipes: colours only on a terminal and without NO_COLOR. */

import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan';

export interface Terminal {
  /** A line on standard output. */
  out(line: string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** For lines that go to standard output. */
  style(style: Style, text: string): string;
  /** For lines that go to standard error. */
  styleErr(style: Style, text: string): string;
  /** Text with cursor movements on standard output; absent where that is no terminal. */
  readonly live?: (text: string) => void;
}

type Env = Readonly<Record<string, string | undefined>>;
type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

export function createTerminal(streams: { readonly stdout: Stream; readonly stderr: Stream }, env: Env): Terminal {
  const painter = (stream: Stream) => {
    const hasColours = stream.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
    return (style: Style, text: string) => (hasColours ? styleText(style, text, { validateStream: false }) : text);
  };
  return {
    out: (line) => void streams.stdout.write(`${line}\n`),
    err: (line) => void streams.stderr.write(`${line}\n`),
    style: painter(streams.stdout),
    styleErr: painter(streams.stderr),
    ...(streams.stdout.isTTY && env.TERM !== 'dumb' && { live: (text: string) => void streams.stdout.write(text) }),
  };
}
