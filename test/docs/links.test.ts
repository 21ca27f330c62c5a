/** Every relative link and image in the repository's Markdown leads to a file, and to a heading that is there. */

import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { markdownIn, proseOf, readPage, root } from './page.js';

const pages = markdownIn(root);

/** As GitHub names them: lower case, spaces to dashes, punctuation gone; twins are numbered. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of readPage(page)
    .replace(/^( *)```[\s\S]*?^\1```$/gm, '')
    .matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-');
    let name = anchor;
    for (let twin = 1; anchors.has(name); twin++) name = `${anchor}-${twin}`;
    anchors.add(name);
  }
  return anchors;
}

function linksOf(page: string): string[] {
  const prose = proseOf(readPage(page));
  const inline = [...prose.matchAll(/\]\(([^()\s]+)\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return [...inline, ...references].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
}

function fault(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
  if (target.startsWith('..')) return `${link} leads out of the repository`;
  if (!existsSync(root + target)) return `${link}: there is no ${target}`;
  if (anchor === undefined || statSync(root + target).isDirectory()) return undefined;
  return target.endsWith('.md') && !anchorsOf(target).has(anchor) ? `${link}: no such heading in ${target}` : undefined;
}

test('there are pages', () =>
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/guide/backend.md'])));

describe('the links of', () => {
  it.each(pages)('%s lead somewhere', (page) => {
    expect(linksOf(page).flatMap((link) => fault(page, link) ?? [])).toEqual([]);
  });
});

test('docs/README.md lists every page of each folder', () => {
  const listed = linksOf('docs/README.md').map((link) => normalize(join('docs', link)));
  const there = ['docs/guide', 'docs/operations', 'docs/moving', 'docs/recipes'].flatMap((folder) =>
    markdownIn(root + folder),
  );
  expect(listed).toEqual(expect.arrayContaining(there));
});
