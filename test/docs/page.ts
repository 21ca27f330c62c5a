/** A page of the documentation as tests see it: its fenced blocks, in order, and its links. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Three backticks, a language, and perhaps a label: the file or the terminal that the block is about. */
export interface Block {
  readonly language: string;
  readonly label: string;
  readonly text: string;
  /** Where the text begins, counted from 1. */
  readonly line: number;
}

/** @param path relative to the repository */
export function readPage(path: string): string {
  return readFileSync(root + path, 'utf8');
}

/** Asserts that this stands between two marks of a page. With `vitest run -u` it is written there. */
export async function expectSection(path: string, begin: string, end: string, section: string): Promise<void> {
  const text = readPage(path);
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  expect(start).toBeGreaterThan(0);
  expect(stop).toBeGreaterThan(start);
  const expected = `${text.slice(0, start)}${begin}\n\n${section}\n\n${text.slice(stop)}`;
  await expect(expected).toMatchFileSnapshot(root + path);
}

const ignored = new Set(['node_modules', 'dist', 'coverage']);

/** Paths of the pages below a folder, relative to the repository. */
export function markdownIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || ignored.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownIn(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^( *)```(\S+)(?: (\S+))?$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const [, indent = '', language = '', label = ''] = fence;
    const end = lines.indexOf(`${indent}\`\`\``, at + 1);
    if (end === -1) throw new Error(`line ${at + 1}: the block does not end`);
    const text = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ language, label, text: `${text.join('\n')}\n`, line: at + 2 });
    at = end;
  }
  return blocks;
}

/** The page without its blocks and code spans, in which brackets are no links. */
export function proseOf(page: string): string {
  return withoutBlocks(page).replace(/`[^`\n]*`/g, '');
}

/** The page without its blocks; code spans stay. */
export function withoutBlocks(page: string): string {
  return page.replace(/^( *)```[\s\S]*?^\1```$/gm, '');
}
