/** The site as `npm run site` builds it: its files, and what they link to. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { base, html } from '../../site/places.mjs';
import { root } from '../docs/page.js';

const run = promisify(execFile);

/** Builds it anew; rejects with what the build has said. */
export async function buildSite(): Promise<void> {
  await run(process.execPath, [join(root, 'site/build.mjs')], { cwd: root, maxBuffer: 16_777_216 });
}

/** Paths of its HTML files below the site, sorted. */
export function builtPages(): string[] {
  return readdirSync(html, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .sort();
}

const read = (path: string) => readFileSync(join(html, path), 'utf8');

/** Names that a page has for places in it. */
const anchors = new Map<string, ReadonlySet<string>>();

function anchorsOf(path: string): ReadonlySet<string> {
  const known = anchors.get(path);
  if (known !== undefined) return known;
  const names = new Set([...read(path).matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => unescaped(id)));
  anchors.set(path, names);
  return names;
}

const unescaped = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** What is wrong with the links and files of a page; links to other hosts are left alone. */
export function faultsOf(page: string): string[] {
  const targets = [...read(page).matchAll(/<(?:a|img|link|script)\b[^>]*? (?:href|src)="([^"]*)"/g)];
  const faults = new Set<string>();
  for (const [, target = ''] of targets) {
    const fault = faultOf(page, unescaped(target));
    if (fault !== undefined) faults.add(`${target}: ${fault}`);
  }
  return [...faults];
}

function faultOf(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const absolute = path.startsWith('/') ? path : posix.join(base, posix.dirname(page), path);
  if (path !== '' && !absolute.startsWith(base)) return 'leads out of the site';
  const inside = absolute.slice(base.length);
  const file = path === '' ? page : inside === '' || inside.endsWith('/') ? `${inside}index.html` : decodeURI(inside);
  if (!existsSync(join(html, file))) return 'there is no such file';
  if (anchor === undefined || anchor === '' || !file.endsWith('.html')) return undefined;
  return anchorsOf(file).has(decodeURIComponent(anchor)) ? undefined : 'there is no such heading';
}
