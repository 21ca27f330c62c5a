/** A Dockerfile as a list of instructions. */

export interface Instruction {
  /** In capital letters. */
  readonly name: string;
  /** Everything behind the name. */
  readonly text: string;
  readonly words: readonly string[];
}

/** Comments and empty lines are left out, lines that end in a backslash are joined. */
export function readDockerfile(file: string): Instruction[] {
  const lines = file.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const joined = lines.join('\n').replace(/\\\n\s*/g, ' ');
  return joined.split('\n').map((line) => {
    const [, name = '', text = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
    return { name: name.toUpperCase(), text, words: text.split(/\s+/) };
  });
}
