/** The page and its script, which `npm run build` makes. */

import { readFile } from 'node:fs/promises';

const files = {
  '/': ['../public/index.html', 'text/html; charset=utf-8'],
  '/main.js': ['../public/main.js', 'text/javascript; charset=utf-8'],
} as const;

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** `undefined` for a path that is not of the page, or has not been built. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  if (path !== '/' && path !== '/main.js') return undefined;
  const [file, type] = files[path];
  try {
    return { type, text: await readFile(new URL(file, import.meta.url), 'utf8') };
  } catch {
    return undefined;
  }
}
