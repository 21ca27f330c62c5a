/** Every listing of the guide: TypeScript compiles against the public API, configurations are accepted. */

import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, test } from 'vitest';
import { formatProblem } from '../../src/config/problem.js';
import { testSecret } from '../cli/fanfare-process.js';
import { load } from '../support/config/loaded.js';
import { docstringExamples } from './docstring-examples.js';
import { type Block, blocksOf, readPage, root } from './page.js';
import { frameworkPages, frameworks, hasFrameworks } from './terminals.js';

const guides = ['guide', 'moving', 'recipes'].flatMap((folder) =>
  readdirSync(`${root}docs/${folder}`).map((name) => `docs/${folder}/${name}`),
);
const pages = [
  'README.md',
  'docs/operations/running.md',
  'docs/operations/configuration.md',
  'docs/operations/brokers.md',
  'docs/operations/console.md',
  'docs/operations/deploying.md',
  'docs/operations/functions.md',
  'docs/operations/workers.md',
  'docs/operations/tracing.md',
  'docs/operations/troubleshooting.md',
  ...guides,
];

/** Where a listing would be as a file, beside the other ones of its page, so that they can import each other. */
function pathOf(page: string, { label, language, line }: Block): string {
  const place = frameworkPages.includes(page) ? dirname(frameworks) : `${root}test/docs`;
  const folder = `${place}/.listings/${page.replaceAll('/', '-')}`;
  return `${folder}/${label === '' ? `line-${line}.${language}` : label}`;
}

test('TypeScript listings compile, and examples of docstrings', { timeout: 180_000 }, () => {
  const listings = new Map<string, { page: string; block: Block }>();
  // The programs of the README are files, which the compiler checks as such.
  const isCompiled = (page: string) => page !== 'README.md' && (hasFrameworks || !frameworkPages.includes(page));
  for (const page of pages.filter(isCompiled)) {
    for (const block of blocksOf(readPage(page)))
      if (block.language === 'ts' || block.language === 'tsx') listings.set(pathOf(page, block), { page, block });
  }
  for (const { page, block } of docstringExamples()) listings.set(pathOf(page, block), { page, block });
  expect(listings.size).toBeGreaterThan(5);
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const folders = [...listings.keys()].map((path) => dirname(path));
  const isListingFolder = (path: string) => folders.some((folder) => folder === path || folder.startsWith(`${path}/`));
  const directoryExists = host.directoryExists?.bind(host);
  host.directoryExists = (path) => isListingFolder(path) || directoryExists?.(path) !== false;
  host.fileExists = (path) => listings.has(path) || fileExists(path);
  host.readFile = (path) => listings.get(path)?.block.text ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = listings.get(path)?.block.text;
    // Each listing is a module of its own, also one that neither imports nor exports.
    if (text !== undefined) return ts.createSourceFile(path, `${text}\nexport {};`, target);
    return getSourceFile(path, target, ...rest);
  };
  const program = ts.createProgram(
    [...listings.keys()],
    { ...options, experimentalDecorators: true, noEmit: true, allowImportingTsExtensions: true },
    host,
  );
  const problems = [...listings].flatMap(([path, { page, block }]) => {
    const source = program.getSourceFile(path);
    return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
      const line = block.line + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
      return `${page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
  expect(problems).toEqual([]);
});

describe('configurations are accepted', () => {
  const listings = pages.flatMap((page) =>
    blocksOf(readPage(page))
      .filter(({ language }) => language === 'yaml')
      .map((block) => ({ where: `${page}:${block.line}`, text: block.text })),
  );

  it.each(listings)('$where', async ({ text }) => {
    // The files with secrets that it names are the reader's to make.
    const named = [...text.matchAll(/File: ([\w.-]+)/g)].map(([, name = '']) => [name, testSecret] as const);
    const local = text.replace(/File: \/[\w/.-]+/g, 'File: secret').replace('# fanfare.yaml\n', '');
    const files = { ...Object.fromEntries(named), secret: testSecret, 'fanfare.yaml': local };
    const outcome = await load({ files });
    expect(outcome.ok ? [] : outcome.problems.map(formatProblem)).toEqual([]);
  });
});
