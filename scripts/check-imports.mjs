// @ts-check
/**
 * Checks the import order of src/: which room may see which, re-exports in entry files only, and no cycles, not even of
 * types. Prints the rooms with their arrows, which ARCHITECTURE.md shows too; `--write` puts them there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, sourceFilesIn } from './imports.mjs';

/**
 * What the files of a folder may import beside the folder itself.
 * @typedef {object} FolderRule
 * @property {readonly string[]} sees folders (or single files) that may be imported: of those above it in the table
 * @property {readonly string[]} [seesTypesOf] folders (or single files) that may be imported with `import type` only
 * @property {true} [node] Node's built-in modules may be imported
 * @property {'none' | readonly string[]} [packages] which packages may be imported; a list still lets in the types of
 *   any. Default: any
 * @property {string} [door] the only file of the folder that files outside of it may import
 */

const lower = ['model', 'protocols', 'engine'];
const adapters = ['brokers', 'http', 'transports', 'observe', 'asyncapi'];

/** @type {Readonly<Record<string, FolderRule>>} */
export const folderRules = {
  model: { sees: [], packages: 'none' },
  protocols: { sees: ['model'] },
  ...engineRooms({
    names: [],
    ports: ['names'],
    log: ['ports'],
    time: ['ports'],
    channels: ['names', 'ports', 'time'],
    auth: ['names', 'ports', 'channels'],
    filters: [],
    fanout: ['ports', 'log', 'time', 'channels', 'filters'],
    sessions: ['names', 'ports', 'log', 'time', 'channels', 'filters', 'fanout'],
    cluster: ['ports', 'log', 'time'],
    operations: ['names', 'ports', 'time', 'channels', 'auth', 'fanout', 'sessions', 'cluster'],
    inspection: ['names', 'ports', 'log', 'time', 'channels', 'fanout', 'sessions', 'cluster', 'operations'],
  }),
  engine: { sees: ['model'], seesTypesOf: ['protocols/protocol.ts'] },

  brokers: { sees: lower, node: true },
  'brokers/nats/journal': { sees: [...lower, 'brokers'], node: true, door: 'brokers/nats/journal/journal.ts' },
  'brokers/rabbitmq/history': { sees: [...lower, 'brokers'], node: true, door: 'brokers/rabbitmq/history/history.ts' },
  http: { sees: lower, node: true },
  transports: {
    sees: [
      ...lower,
      ...[
        'api/api-keys',
        'body',
        'exchange',
        'header-list',
        'host',
        'http2',
        'media-type',
        'node-exchange',
        'node-http',
        'request-head',
        'upgrade-header',
        'web-head',
      ].map(httpFile),
    ],
    node: true,
  },
  observe: { sees: lower, node: true },
  asyncapi: { sees: lower, packages: [] },
  conformance: { sees: lower, node: true },

  config: { sees: lower, node: true },
  server: { sees: [...lower, ...adapters, 'config'], node: true },
  client: { sees: ['model', 'protocols'], seesTypesOf: ['engine', 'server'], packages: ['centrifuge'] },
  'client/dictionary': { sees: [], seesTypesOf: ['client'], packages: ['fflate'], door: 'client/dictionary/index.ts' },
  react: { sees: ['model', 'protocols', 'client'], seesTypesOf: ['engine', 'server'], packages: ['react'] },
  'ai-sdk': { sees: ['client'], packages: ['ai'] },
  cli: { sees: [...lower, ...adapters, 'config', 'server', 'client'], node: true },
  functions: {
    sees: [...lower, 'brokers', 'transports', httpFile('request-head')],
    seesTypesOf: ['server/app-engine.ts'],
    node: true,
  },
  aws: {
    sees: [
      ...lower,
      'brokers',
      'functions',
      httpFile('request-head'),
      'server/app-engine.ts',
      'server/app-engine-key.ts',
    ],
    node: true,
  },
};

/**
 * Rooms of engine/, each with those that it may see; `engine/` itself, where they are put together, sees all.
 * @param {Record<string, string[]>} rooms
 * @returns {Record<string, FolderRule>}
 */
function engineRooms(rooms) {
  return Object.fromEntries(
    Object.entries(rooms).map(([room, sees]) => [
      `engine/${room}`,
      {
        sees: ['model', ...sees.map((other) => `engine/${other}`)],
        seesTypesOf: ['protocols/protocol.ts'],
      },
    ]),
  );
}

/** @param {string} name */
function httpFile(name) {
  return `http/${name}.ts`;
}

/**
 * @typedef {import('./imports.mjs').Import} Import
 * @typedef {{ file: string, line: number, message: string }} Violation
 */

/**
 * @param {{ sourceDir: string, entries: readonly string[] }} options entries: files relative to sourceDir that
 *   package.json exports; they may re-export, and the one at the top may see every folder
 * @returns {{ violations: Violation[], imports: Import[] }} violations sorted by file and line
 */
export function checkImports({ sourceDir, entries }) {
  const files = sourceFilesIn(sourceDir).map((path) => relative(sourceDir, path).split(sep).join('/'));
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Import[]} */
  const imports = [];
  for (const file of files) {
    if (file.includes('/') ? !(folderOf(file) in folderRules) : !entries.includes(file)) {
      violations.push({ file, line: 1, message: 'is in no folder that has a rule in scripts/check-imports.mjs' });
      continue;
    }
    const found = importsOf(sourceDir, file);
    imports.push(...found);
    for (const one of found) {
      const message = problemWith(one, entries);
      if (message !== null) violations.push({ file, line: one.line, message });
    }
  }
  violations.push(...cyclesIn(imports));
  violations.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  return { violations, imports };
}

/**
 * @param {Import} one
 * @param {readonly string[]} entries
 * @returns {string | null}
 */
function problemWith(one, entries) {
  if (one.reExport && !entries.includes(one.file)) {
    return `re-exports '${one.specifier}'; only the files that package.json exports may do that`;
  }
  if (!one.file.includes('/')) return null; // the package's main entry sees everything
  const folder = folderOf(one.file);
  const rule = folderRules[folder];
  if (rule === undefined) return null;
  if (one.target === null) return problemWithOutside(one, folder, rule);
  const { door } = folderRules[folderOf(one.target)] ?? {};
  if (door !== undefined && door !== one.target && folderOf(one.target) !== folder) {
    return `imports '${one.target}', which is seen through '${door}' only`;
  }
  if (folderOf(one.target) === folder || isIn(one.target, [folder, ...rule.sees])) return null;
  if (isIn(one.target, rule.seesTypesOf ?? [])) {
    return one.typeOnly ? null : `${folder}/ may import '${one.specifier}' with 'import type' only`;
  }
  return `${folder}/ must not import '${one.target}'`;
}

/**
 * @param {Import} one
 * @param {string} folder
 * @param {FolderRule} rule
 */
function problemWithOutside(one, folder, rule) {
  if (isBuiltin(one.specifier)) return rule.node ? null : `${folder}/ must not import Node's '${one.specifier}'`;
  const packageName = one.specifier.split('/', one.specifier.startsWith('@') ? 2 : 1).join('/');
  if (packageName === 'fanfare') return 'imports the package by its own name; use a relative path';
  const { packages } = rule;
  const allowed = packages === undefined || (packages !== 'none' && (one.typeOnly || packages.includes(packageName)));
  return allowed ? null : `${folder}/ must not import the package '${packageName}'`;
}

/**
 * @param {string} file
 * @param {readonly string[]} places folders or single files
 */
function isIn(file, places) {
  return places.some((place) => file === place || file.startsWith(`${place}/`));
}

/** The innermost folder that has a rule; the outermost one where none has. @param {string} file */
function folderOf(file) {
  const folders = file.split('/').slice(0, -1);
  for (let depth = folders.length; depth > 1; depth--) {
    const folder = folders.slice(0, depth).join('/');
    if (folder in folderRules) return folder;
  }
  return folders[0] ?? '';
}

/**
 * Finds one cycle for each file that closes one, by depth-first search. Types count: who reads one file of a cycle has to
 * read them all.
 * @param {Import[]} imports
 * @returns {Violation[]}
 */
function cyclesIn(imports) {
  /** @type {Map<string, Import[]>} */
  const byFile = new Map();
  for (const one of imports) {
    if (one.target === null) continue;
    byFile.set(one.file, [...(byFile.get(one.file) ?? []), one]);
  }
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Set<string>} */
  const finished = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const visit = (file) => {
    path.push(file);
    for (const { target, line } of byFile.get(file) ?? []) {
      if (target === null || finished.has(target)) continue;
      const start = path.indexOf(target);
      if (start === -1) visit(target);
      else violations.push({ file, line, message: `closes a cycle: ${[...path.slice(start), target].join(' → ')}` });
    }
    path.pop();
    finished.add(file);
  };
  for (const file of byFile.keys()) if (!finished.has(file)) visit(file);
  return violations;
}

/**
 * @param {Record<string, unknown>} exportsField package.json's `exports`
 * @returns {string[]} the sources of its entries, relative to src/
 */
export function entriesOf(exportsField) {
  return Object.values(exportsField).flatMap((target) => {
    const path = typeof target === 'object' && target !== null && 'default' in target ? String(target.default) : '';
    const match = /^\.\/dist\/(.+)\.js$/.exec(path);
    return match ? [`${match[1]}.ts`] : [];
  });
}

/**
 * The rooms in the order of {@link folderRules}, each with those that its files import.
 * @param {Import[]} imports
 * @returns {string}
 */
export function pictureOf(imports) {
  return `src/\n${linesOf(imports, '')}\nsrc/engine/\n${linesOf(imports, 'engine/')}`;
}

/**
 * @param {Import[]} imports
 * @param {string} parent ends with a slash, or is empty
 */
function linesOf(imports, parent) {
  /** @param {string | null} path */
  const roomOf = (path) =>
    path?.startsWith(parent) ? (/^[^/]+(?=\/)/.exec(path.slice(parent.length))?.[0] ?? '') : '';
  const rooms = [...new Set(Object.keys(folderRules).map((folder) => roomOf(`${folder}/`)))].filter(Boolean);
  const lines = rooms.map((room) => {
    const targets = new Set(imports.filter(({ file }) => roomOf(file) === room).map(({ target }) => roomOf(target)));
    const seen = rooms.filter((other) => other !== room && targets.has(other)).join(', ');
    return `  ${room.padEnd(11)}${seen && ` → ${seen}`}`.trimEnd();
  });
  return lines.join('\n');
}

const picturePattern = /(?<=^```text rooms\n).*?(?=\n```$)/ms;

/**
 * The picture as a Markdown page shows it, in the block `text rooms`.
 * @param {string} page
 */
export function pictureIn(page) {
  return picturePattern.exec(page)?.[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { exports: exportsField } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { violations, imports } = checkImports({ sourceDir: join(root, 'src'), entries: entriesOf(exportsField) });
  for (const { file, line, message } of violations) console.error(`src/${file}:${line} ${message}`);
  const picture = pictureOf(imports);
  console.log(picture);
  const pagePath = join(root, 'ARCHITECTURE.md');
  const page = readFileSync(pagePath, 'utf8');
  const isShown = pictureIn(page) === picture;
  if (process.argv.includes('--write')) writeFileSync(pagePath, page.replace(picturePattern, picture));
  else if (!isShown) console.error('ARCHITECTURE.md shows other arrows: npm run check:imports -- --write');
  if (violations.length > 0 || !(isShown || process.argv.includes('--write'))) process.exitCode = 1;
  else console.log('check-imports: the import order holds.');
}
