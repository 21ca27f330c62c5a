// @ts-check
/** Bundles the assistant: its page for browsers, its application and its server for Node, all into one folder. */
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
  const aiSdk = join(modulesDir, 'ai-sdk', 'index.js');
  const page = await bundlePage({
    entryPoints: { app: join(source, 'page', 'main.tsx'), style: join(source, 'style', 'main.css') },
    outdir: outDir,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: { 'fanfare/client': join(modulesDir, 'client', 'index.js'), 'fanfare/ai-sdk': aiSdk },
  });
  const programs = await bundlePrograms({
    entryPoints: [join(source, 'app.ts'), join(source, 'server.ts')],
    outdir: outDir,
    // Where Fanfare is installed, the AI SDK may not be: it comes along, with what it is made of.
    packages: 'bundle',
    external: ['valibot'],
    minify: true,
    splitting: true,
    alias: { 'fanfare/ai-sdk': aiSdk },
    banner: {
      js: "import { createRequire as fanfareCreateRequire } from 'node:module';\nconst require = fanfareCreateRequire(import.meta.url);",
    },
    plugins: [packageFrom(distDir, outDir)],
  });
  copyFileSync(join(source, 'index.html'), join(outDir, 'index.html'));
  return [page, programs];
}
