// @ts-check
/**
 * Which packages come along inside of dist/, so that nobody has to install them: the SDK, since what it depends on for
 * another build runs a script when it is installed, and what prints metrics, since it installs what nothing here uses.
 */
import { createRequire, isBuiltin } from 'node:module';
import { sep } from 'node:path';

/** With what they import. Everything else that is imported by name stays a dependency. */
export const bundled = ['centrifuge', 'prom-client'];

/** What they import without our ever getting there: the counters of CPU time ask for spans if they are told to. */
const unused = ['@opentelemetry/api'];

const { resolve } = createRequire(import.meta.url);

/**
 * Keeps all packages out of a bundle but those.
 * @returns {import('esbuild').Plugin}
 */
export function bundledPackages() {
  return {
    name: 'bundled-packages',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer, kind, namespace }) => {
        if (kind === 'entry-point') return undefined;
        const fromPackage = importer.includes(`${sep}node_modules${sep}`);
        // Named without `node:`: for browsers there is a package of this name, which does in Node as well.
        if (fromPackage && path === 'events') return { path: resolve('events/') };
        if (isBuiltin(path)) {
          // `require` of one is none that an ES module has.
          if (fromPackage && kind === 'require-call') return { path, namespace: 'builtin' };
          return { path: path.startsWith('node:') ? path : `node:${path}`, external: true };
        }
        if (namespace === 'file' && fromPackage) {
          return unused.includes(path) ? { path, namespace: 'unused' } : undefined;
        }
        return bundled.includes(path) ? undefined : { path, external: true };
      });
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('node:${path}');\n`,
      }));
      onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};\n' }));
    },
  };
}
