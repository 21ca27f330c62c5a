// @ts-check
/** Bundles the match day: its pages for browsers, its application, server and recorder for Node, all into one folder. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage, bundlePrograms, packageFrom } from '../bundles.mjs';

const source = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {{ distDir: string, modulesDir: string, outDir: string }} options
 *   distDir: the built package; modulesDir: its modules as they were compiled; outDir: where the files go
 */
export async function build({ distDir, modulesDir, outDir }) {
  mkdirSync(outDir, { recursive: true });
  const page = await bundlePage({
    entryPoints: { app: join(source, 'page', 'main.tsx'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: {
      'fanfare/client': join(modulesDir, 'client', 'index.js'),
      'fanfare/client/protobuf': join(modulesDir, 'client', 'protobuf', 'index.js'),
      'fanfare/react': join(modulesDir, 'react', 'index.js'),
    },
  });
  const programs = await bundlePrograms({
    entryPoints: {
      app: join(source, 'app.ts'),
      server: join(source, 'server.ts'),
      record: join(source, 'feed', 'record.ts'),
      'match-day': join(source, 'match-day', 'match-day.ts'),
      lines: join(source, 'match-day', 'lines.ts'),
    },
    outdir: outDir,
    plugins: [packageFrom(distDir, outDir)],
  });
  copyFileSync(join(source, 'index.html'), join(outDir, 'index.html'));
  copyFileSync(join(source, 'feed', 'feed.py'), join(outDir, 'feed.py'));
  return [page, programs];
}
