// @ts-check
/** Bundles the arena: its page for browsers, its application and its server for Node, all into one folder. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const source = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {{ distDir: string, outDir: string }} options distDir: the compiled package; outDir: where the files go
 */
export async function build({ distDir, outDir }) {
  mkdirSync(outDir, { recursive: true });
  await bundle({
    entryPoints: { app: join(source, 'page', 'main.ts'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    alias: {
      'fanfare/client': join(distDir, 'client', 'index.js'),
      'fanfare/client/protobuf': join(distDir, 'client', 'protobuf', 'index.js'),
    },
    logLevel: 'warning',
    // A chunk of the package that both of its entries begin with: it is there already.
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  await bundle({
    entryPoints: [join(source, 'app.ts'), join(source, 'server.ts')],
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    plugins: [packageFrom(distDir, outDir)],
    logLevel: 'warning',
  });
  copyFileSync(join(source, 'index.html'), join(outDir, 'index.html'));
}

/**
 * Keeps `fanfare` out of the bundle and resolves it to the package that was just built.
 * @param {string} distDir
 * @param {string} outDir
 * @returns {import('esbuild').Plugin}
 */
function packageFrom(distDir, outDir) {
  const entries = { fanfare: 'index.js', 'fanfare/redis': 'brokers/redis/index.js' };
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
