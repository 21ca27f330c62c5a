/** Which tests cite which lines of docs/guarantees.md: in what they are called, or in the comment at their top. */

import { readdirSync, readFileSync } from 'node:fs';
import { root } from './page.js';

const topComment = /^\/\*\*[\s\S]*?\*\//;
/** A text that begins with an id, as names of tests do. */
const name = /['"`]([GFB]\d{1,3}\b[^'"`\n]*)/g;
const todo = /\.todo\(\s*['"`]([^'"`\n]*)/g;
const ids = /\b([GFB])(\d{1,3})\b(?:(?:–| to )\1(\d{1,3})\b)?/g;

function idsIn(text: string): string[] {
  return [...text.matchAll(ids)].flatMap(([, letter, first, last]) => {
    const from = Number(first);
    return Array.from({ length: Number(last ?? first) - from + 1 }, (_, index) => `${letter}${from + index}`);
  });
}

function firstsOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, first = '']) => first);
}

/** Paths from the root by id, sorted. */
export function citedIds(): Map<string, string[]> {
  const files = ['bench', 'examples', 'scripts', 'src', 'test'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.test\.tsx?$/.test(path) && !path.includes('node_modules'))
      .map((path) => `${folder}/${path}`)
      .sort(),
  );
  const cited = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(root + file, 'utf8');
    const found = new Set(idsIn([topComment.exec(text)?.[0] ?? '', ...firstsOf(text, name)].join('\n')));
    // What is still to be written covers nothing.
    for (const id of idsIn(firstsOf(text, todo).join('\n'))) found.delete(id);
    for (const id of found) {
      const known = cited.get(id);
      if (known === undefined) cited.set(id, [file]);
      else known.push(file);
    }
  }
  return cited;
}
