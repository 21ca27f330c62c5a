// @ts-check
/** Bundles the arena: its page for browsers, its application and its server for Node, all into one folder. */
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
    entryPoints: { app: join(source, 'page', 'main.ts'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    alias: {
      'fanfare/client': join(modulesDir, 'client', 'index.js'),
      'fanfare/client/protobuf': join(modulesDir, 'client', 'protobuf', 'index.js'),
    },
    // A chunk of the package that both of its entries begin with: it is there already.
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  const programs = await bundlePrograms({
    entryPoints: [join(source, 'app.ts'), join(source, 'server.ts')],
    outdir: outDir,
    plugins: [packageFrom(distDir, outDir)],
  });
  copyFileSync(join(source, 'index.html'), join(outDir, 'index.html'));
  return [page, programs];
}
