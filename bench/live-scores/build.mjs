// @ts-check
/** Bundles the twin: its server for Node, and the example's pages with the twin's side of the wire. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage, bundlePrograms } from '../../examples/bundles.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const twin = join(root, 'bench', 'live-scores', 'twin');
const example = join(root, 'examples', 'live-scores');

/** Where its server is once it is built. */
export const twinBundle = new URL('../../.cache/bench/live-scores/server.mjs', import.meta.url);
const outDir = dirname(fileURLToPath(twinBundle));

export async function buildTwinServer() {
  await bundlePrograms({
    entryPoints: { server: join(twin, 'server.ts') },
    outdir: outDir,
  });
}

/** @returns the folder with index.html, app.js and style.css */
export async function buildTwinPages() {
  const pages = join(outDir, 'pages');
  mkdirSync(pages, { recursive: true });
  await bundlePage({
    entryPoints: { app: join(example, 'page', 'main.tsx'), style: join(example, 'style', 'main.css') },
    outdir: pages,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: { 'fanfare/client': join(twin, 'client-error.ts') },
    plugins: [
      {
        name: 'the other side of the wire',
        setup: ({ onResolve }) => onResolve({ filter: /^\.\/live\.js$/ }, () => ({ path: join(twin, 'live.ts') })),
      },
    ],
  });
  copyFileSync(join(example, 'index.html'), join(pages, 'index.html'));
  return pages;
}
