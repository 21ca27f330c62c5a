// @ts-check
/**
 * The types of what is published: the declarations that the entries lead to, and no other ones. Those of packages that
 * were bundled stand beside them, under `packages/`, since whoever installs this package does not have those.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const suffix = '.d.ts';

/**
 * @param {{ folder: string, entries: readonly string[], packages: readonly string[], modules: string }} options folder:
 * with all declarations; entries: below it; packages: whose declarations come along; modules: where they are installed
 */
export function keepDeclarations({ folder, entries, packages, modules }) {
  /** @type {Set<string>} */
  const kept = new Set();
  const copies = join(folder, 'packages');

  /** @param {string} path */
  function keep(path) {
    if (kept.has(path)) return;
    kept.add(path);
    const isCopy = path.startsWith(copies);
    const text = readFileSync(isCopy ? join(modules, relative(copies, path)) : path, 'utf8');
    let written = '';
    let end = 0;
    for (const { fileName, pos } of ts.preProcessFile(text).importedFiles) {
      const target = targetOf(path, fileName);
      if (target === undefined) continue;
      keep(target);
      // Within the quotes: a package of CommonJS leaves out the ending, which it must have here.
      const start = text.indexOf(fileName, pos);
      written += text.slice(end, start) + specifier(path, target);
      end = start + fileName.length;
    }
    if (!isCopy && end === 0) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, written + text.slice(end));
  }

  /**
   * @param {string} path of the file that imports
   * @param {string} name
   * @returns {string | undefined} `undefined`: of a package that has to be installed, or of Node
   */
  function targetOf(path, name) {
    if (name.startsWith('.')) return resolve(dirname(path), name.replace(/\.js$/, '') + suffix);
    if (!packages.includes(name)) return undefined;
    /** @type {{ types?: string }} */
    const { types } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    if (types === undefined) throw new Error(`${name} has no types`);
    return join(copies, name, types);
  }

  for (const entry of entries) keep(join(folder, entry));
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith(suffix) && !kept.has(join(folder, path))) rmSync(join(folder, path));
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function specifier(from, to) {
  const path = relative(dirname(from), to).split(sep).join('/').slice(0, -suffix.length);
  return `${path.startsWith('.') ? '' : './'}${path}.js`;
}
