// @ts-check
/** Bundles the match day: its pages for browsers, its application, server and recorder for Node, all into one folder. */
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
    entryPoints: { app: join(source, 'page', 'main.tsx'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    minify: true,
    legalComments: 'none',
    alias: {
      'fanfare/client': join(distDir, 'client', 'index.js'),
      'fanfare/react': join(distDir, 'react', 'index.js'),
    },
    logLevel: 'warning',
  });
  await bundle({
    entryPoints: {
      app: join(source, 'app.ts'),
      server: join(source, 'server.ts'),
      record: join(source, 'feed', 'record.ts'),
      'match-day': join(source, 'match-day', 'match-day.ts'),
      lines: join(source, 'match-day', 'lines.ts'),
    },
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
  copyFileSync(join(source, 'feed', 'feed.py'), join(outDir, 'feed.py'));
}

/**
 * Keeps `fanfare` out of the bundle and resolves it to the package that was just built.
 * @param {string} distDir
 * @param {string} outDir
 * @returns {import('esbuild').Plugin}
 */
function packageFrom(distDir, outDir) {
  const path = relative(outDir, join(distDir, 'index.js')).split(sep).join('/');
  return {
    name: 'fanfare',
    setup: (building) => building.onResolve({ filter: /^fanfare$/ }, () => ({ path, external: true })),
  };
}
