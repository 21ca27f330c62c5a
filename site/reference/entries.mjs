// @ts-check
/** The public names of the package with their types and docstrings, as TypeDoc reads them from the sources of its entries. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, LogLevel } from 'typedoc';
import { root } from '../../scripts/setup.mjs';

/** @returns {string[]} the sources of the package's entries, in the order of package.json */
function entryPoints() {
  /** @type {{ exports: Record<string, string | { default: string }> }} */
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.values(exports).flatMap((target) => {
    if (typeof target === 'string') return [];
    return join(root, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  });
}

/**
 * @param {{ entryPoints?: string[], tsconfig?: string, plugins?: readonly string[], options?: Record<string, unknown> }} [what] other
 *   sources than the package's; plugins with their options
 */
export async function readEntries({
  entryPoints: files = entryPoints(),
  tsconfig = join(root, 'site/reference/tsconfig.json'),
  plugins = [],
  options = {},
} = {}) {
  const app = await Application.bootstrapWithPlugins({
    entryPoints: files,
    tsconfig,
    plugin: [...plugins],
    name: 'fanfare',
    readme: 'none',
    logLevel: LogLevel.Error,
    // The types are checked by a step of their own.
    skipErrorChecking: true,
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    sort: ['source-order'],
    sortEntryPoints: false,
    ...options,
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the entries of the package cannot be read');
  return { app, project };
}

/**
 * @param {Awaited<ReturnType<typeof readEntries>>} read
 * @returns {import('./rules.mjs').Node} plain JSON
 */
export function jsonOf({ app, project }) {
  // safe: rules.mjs names the fields that it reads of TypeDoc's JSON
  return /** @type {import('./rules.mjs').Node} */ (
    /** @type {unknown} */ (app.serializer.projectToObject(project, /** @type {never} */ (root)))
  );
}
