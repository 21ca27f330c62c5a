// @ts-check
/** Bundles the console's page: a script, a style sheet and what the browser asks for beside them, all into one folder. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const source = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {{ outDir: string }} options outDir: where the files go
 * @returns {Promise<import('esbuild').Metafile>} what is in the bundle
 */
export async function build({ outDir }) {
  mkdirSync(outDir, { recursive: true });
  const { metafile } = await bundle({
    entryPoints: { app: join(source, 'app', 'main.tsx'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of ['index.html', 'icon.svg']) copyFileSync(join(source, name), join(outDir, name));
  return metafile;
}
