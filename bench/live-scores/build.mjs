// @ts-check
/** Bundles the twin: its server for Node, and the example's pages with the twin's side of the wire. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const twin = join(root, 'bench', 'live-scores', 'twin');
const example = join(root, 'examples', 'live-scores');

/** Where its server is once it is built. */
export const twinBundle = new URL('../../.cache/bench/live-scores/server.mjs', import.meta.url);
const outDir = dirname(fileURLToPath(twinBundle));

export async function buildTwinServer() {
  await build({
    entryPoints: { server: join(twin, 'server.ts') },
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
  });
}

/** @returns the folder with index.html, app.js and style.css */
export async function buildTwinPages() {
  const pages = join(outDir, 'pages');
  mkdirSync(pages, { recursive: true });
  await build({
    entryPoints: { app: join(example, 'page', 'main.tsx'), style: join(example, 'style', 'main.css') },
    outdir: pages,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    minify: true,
    legalComments: 'none',
    alias: { 'fanfare/client': join(twin, 'client-error.ts') },
    plugins: [
      {
        name: 'the other side of the wire',
        setup: ({ onResolve }) => onResolve({ filter: /^\.\/live\.js$/ }, () => ({ path: join(twin, 'live.ts') })),
      },
    ],
    logLevel: 'warning',
  });
  copyFileSync(join(example, 'index.html'), join(pages, 'index.html'));
  return pages;
}
