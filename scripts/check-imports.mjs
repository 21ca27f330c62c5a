// @ts-check
/** Checks the import order of src/: which folder may see which, re-exports in entry files only, and no cycles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * What the files of a folder may import beside the folder itself.
 * @typedef {object} FolderRule
 * @property {string[]} sees folders (or single files) that may be imported
 * @property {string[]} [seesTypesOf] folders (or single files) that may be imported with `import type` only
 * @property {boolean} node whether Node's built-in modules may be imported
 * @property {'none' | 'any' | string[]} packages which packages may be imported; a list still lets in the types of any
 * @property {string} [door] the only file of the folder that files outside of it may import
 */

/** model ← protocols ← engine ← {brokers, transports, http, observe, asyncapi} ← server ← cli */
const lower = ['model', 'protocols', 'engine'];
const adapters = ['brokers', 'transports', 'http', 'observe'];

/** @type {Record<string, FolderRule>} */
export const folderRules = {
  model: { sees: [], node: false, packages: 'none' },
  protocols: { sees: ['model'], node: false, packages: 'any' },
  engine: { sees: ['model'], seesTypesOf: ['protocols/protocol.ts'], node: false, packages: 'any' },
  ...engineRooms({
    names: [],
    ports: ['names'],
    log: ['ports'],
    time: ['ports'],
    channels: ['names', 'ports', 'time'],
    auth: ['names', 'ports', 'time', 'channels'],
    fanout: ['ports', 'log', 'time', 'channels'],
    sessions: ['names', 'ports', 'log', 'time', 'channels', 'fanout'],
    cluster: ['ports', 'log', 'time'],
    operations: ['names', 'ports', 'log', 'time', 'channels', 'auth', 'fanout', 'sessions', 'cluster'],
  }),

  brokers: { sees: lower, node: true, packages: 'any' },
  'brokers/nats/journal': {
    sees: [...lower, 'brokers'],
    node: true,
    packages: 'any',
    door: 'brokers/nats/journal/journal.ts',
  },
  'brokers/rabbitmq/history': {
    sees: [...lower, 'brokers'],
    node: true,
    packages: 'any',
    door: 'brokers/rabbitmq/history/history.ts',
  },
  transports: {
    sees: [
      ...lower,
      'http/body.ts',
      'http/header-list.ts',
      'http/host.ts',
      'http/http2.ts',
      'http/media-type.ts',
      'http/upgrade-header.ts',
    ],
    node: true,
    packages: 'any',
  },
  http: { sees: lower, node: true, packages: 'any' },
  observe: { sees: lower, node: true, packages: 'any' },

  asyncapi: { sees: lower, node: false, packages: [] },
  config: { sees: lower, node: true, packages: 'any' },
  server: { sees: [...lower, ...adapters, 'asyncapi', 'config'], node: true, packages: 'any' },
  cli: {
    sees: [...lower, ...adapters, 'asyncapi', 'config', 'server', 'client', 'loadtest'],
    node: true,
    packages: 'any',
  },

  client: { sees: ['model', 'protocols'], seesTypesOf: ['engine', 'server'], node: false, packages: ['centrifuge'] },
  react: {
    sees: ['model', 'protocols', 'client'],
    seesTypesOf: ['engine', 'server'],
    node: false,
    packages: ['react'],
  },
  loadtest: { sees: ['model', 'protocols'], node: true, packages: 'any' },
  conformance: { sees: lower, node: true, packages: 'any' },
};

/**
 * Sub-rooms of engine/, each with those that it may see; `engine/` itself, where they are put together, sees all.
 * @param {Record<string, string[]>} rooms
 * @returns {Record<string, FolderRule>}
 */
function engineRooms(rooms) {
  return Object.fromEntries(
    Object.entries(rooms).map(([room, sees]) => [
      `engine/${room}`,
      {
        sees: ['model', ...sees.map((other) => `engine/${other}`)],
        seesTypesOf: ['protocols/protocol.ts', 'engine/node.ts'],
        node: false,
        packages: /** @type {const} */ ('any'),
      },
    ]),
  );
}

/**
 * @typedef {object} Import
 * @property {string} file importing file, relative to src/
 * @property {number} line
 * @property {string} specifier
 * @property {string | null} target imported file relative to src/; null for a package or a built-in module
 * @property {boolean} typeOnly nothing of it is left in the JavaScript
 * @property {boolean} reExport
 *
 * @typedef {{ file: string, line: number, message: string }} Violation
 */

/**
 * @param {{ sourceDir: string, entries: readonly string[] }} options entries: files relative to sourceDir that
 *   package.json exports; they may re-export, and the one at the top may see every folder
 * @returns {Violation[]} sorted by file and line
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
  return violations.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
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
  const allowed = packages === 'any' || (packages !== 'none' && (one.typeOnly || packages.includes(packageName)));
  return allowed ? null : `${folder}/ must not import the package '${packageName}'`;
}

/**
 * @param {string} file
 * @param {string[]} places folders or single files
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
 * @param {string} sourceDir
 * @param {string} file
 * @returns {Import[]}
 */
function importsOf(sourceDir, file) {
  const path = join(sourceDir, file);
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Import[]} */
  const found = [];
  /**
   * @param {ts.Node} node
   * @param {string} specifier
   * @param {{ typeOnly: boolean, reExport?: boolean }} kind
   */
  const add = (node, specifier, { typeOnly, reExport = false }) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ file, line, specifier, target: targetOf(sourceDir, file, specifier), typeOnly, reExport });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    // `import { type A }` is no type-only import: verbatimModuleSyntax leaves `import {}` in the JavaScript.
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      add(node, node.moduleSpecifier.text, { typeOnly });
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node, node.moduleSpecifier.text, { typeOnly: node.isTypeOnly, reExport: true });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteralLike(argument)) add(node, argument.text, { typeOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, node.argument.literal.text, { typeOnly: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/**
 * @param {string} sourceDir
 * @param {string} file
 * @param {string} specifier
 */
function targetOf(sourceDir, file, specifier) {
  if (!specifier.startsWith('.')) return null;
  const path = resolve(sourceDir, dirname(file), specifier);
  const candidates = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')];
  const found = candidates.find((candidate) => existsSync(candidate)) ?? path;
  return relative(sourceDir, found).split(sep).join('/');
}

/**
 * Finds one cycle of value imports for each file that closes one, by depth-first search.
 * @param {Import[]} imports
 * @returns {Violation[]}
 */
function cyclesIn(imports) {
  /** @type {Map<string, Import[]>} */
  const byFile = new Map();
  for (const one of imports) {
    if (one.typeOnly || one.target === null) continue;
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
 * @param {string} folder
 * @returns {string[]} paths of its TypeScript files; tests are left out, for they may reach anything
 */
function sourceFilesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|test-d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { exports: exportsField } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const violations = checkImports({ sourceDir: join(root, 'src'), entries: entriesOf(exportsField) });
  for (const { file, line, message } of violations) console.error(`src/${file}:${line} ${message}`);
  if (violations.length > 0) process.exitCode = 1;
  else console.log('check-imports: the import order holds.');
}
