/** The README shows exactly the programs that the compiler checks, and they are as short as it says. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

/** The code blocks of the section under a heading, in order. */
function codeUnder(markdown: string, heading: string): string[] {
  const section = new RegExp(`^#+ ${heading}\\s*$([\\s\\S]*?)(?=^#+ |(?![\\s\\S]))`, 'm').exec(markdown)?.[1] ?? '';
  return [...section.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? '');
}

describe('the hello world of the README', () => {
  it.each([
    ['server', 0, 12],
    ['client', 1, 6],
  ])('shows the %s that test/types/hello-world compiles', async (name, index, maxLines) => {
    const shown = codeUnder(await read('../README.md'), 'Hello world')[index];
    const compiled = await read(`./types/hello-world/${name}.ts`);
    expect(shown).toBe(compiled);
    expect(compiled.trimEnd().split('\n').length).toBeLessThanOrEqual(maxLines);
  });
});
