// @ts-check
/** How every example is bundled: its page for browsers, and its programs for Node, with the package that was just built. */
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';

/**
 * @param {import('esbuild').BuildOptions & { outdir: string }} options what the page has besides: entry points, aliases, plugins
 * @returns {Promise<import('esbuild').Metafile>} what is in the bundle
 */
export async function bundlePage(options) {
  const { metafile } = await build({
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
    metafile: true,
  });
  return metafile;
}

/**
 * @param {import('esbuild').BuildOptions & { outdir: string }} options what the programs have besides: entry points, plugins
 * @returns {Promise<import('esbuild').Metafile>} what is in the bundle
 */
export async function bundlePrograms(options) {
  const { metafile } = await build({
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    ...options,
    metafile: true,
  });
  return metafile;
}

/** Files of the package that the programs of examples import, below the folder of the built package. */
const entries = { fanfare: 'index.js', 'fanfare/redis': 'brokers/redis/index.js' };

/**
 * Keeps the package out of a bundle and resolves it to the one that was just built.
 * @param {string} distDir
 * @param {string} outDir
 * @returns {import('esbuild').Plugin}
 */
export function packageFrom(distDir, outDir) {
  return {
    name: 'fanfare',
    setup(building) {
      for (const [name, entry] of Object.entries(entries)) {
        const path = relative(outDir, join(distDir, entry)).split(sep).join('/');
        building.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path, external: true }));
      }
    },
  };
}
