// @ts-check
/** Bundles the browser client as an application would; fails when it holds any of the server or grows too large. */
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * Each entry for browsers, with the largest gzip size of its bundle, minified: the Centrifugal SDK, about 24 kB, is in
 * the first two. The typed layer takes 3, the list of `live()`, which pages made themselves, 0.8, the way around what does not let WebSocket pass, with long polling, 3.5.
 */
const entries = [
  { entry: 'client', maxGzipBytes: 34_700 },
  { entry: 'client/protobuf', maxGzipBytes: 27_000 },
  // No SDK: what inflates takes most of it.
  { entry: 'client/dictionary', maxGzipBytes: 4_000 },
  // No SDK: it works over the client that it is given.
  { entry: 'client/streams', maxGzipBytes: 4_000 },
  // No SDK either; with what reads streams. The AI SDK is that of the application.
  { entry: 'ai-sdk', maxGzipBytes: 9_000 },
];

/** Folders of modules that may be in a browser. */
const browserFolders = ['client', 'ai-sdk', 'model', 'protocols'];

/** Packages that may be in the client's bundle; the SDK and what it brings along for browsers, and what inflates. */
const browserPackages = ['centrifuge', 'events', 'protobufjs', 'fflate'];

/**
 * @param {{ root: string, entry: string }} options entry: relative to root
 * @returns {Promise<{ gzipBytes: number, strangers: string[] }>} strangers: what a browser must not be given
 */
export async function bundleClient({ root, entry }) {
  /** @type {Set<string>} */
  const builtins = new Set();
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    external: ['ai'],
    metafile: true,
    logLevel: 'error',
    plugins: [
      {
        name: 'note-builtins',
        setup: ({ onResolve }) =>
          onResolve({ filter: /.*/ }, ({ path, importer }) => {
            if (!isBuiltin(path) || (!path.startsWith('node:') && importer.includes('node_modules'))) return undefined;
            builtins.add(`${path} (imported by ${relative(root, importer)})`);
            return { path, external: true };
          }),
      },
    ],
  });
  const inputs = Object.keys(result.metafile.inputs).map((path) => path.split(sep).join('/'));
  const strangers = [...inputs.filter((path) => !belongsInBrowser(path, entry)), ...builtins].sort();
  return { gzipBytes: gzipSync(result.outputFiles[0]?.contents ?? '', { level: 9 }).length, strangers };
}

/**
 * @param {string} path relative to the root, as esbuild's metafile has it
 * @param {string} entry
 */
function belongsInBrowser(path, entry) {
  const inPackage = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path);
  if (inPackage) return browserPackages.includes(inPackage[1] ?? '');
  const modules = entry.slice(0, entry.search(/(client|ai-sdk)\//));
  return browserFolders.some((folder) => path.startsWith(`${modules}${folder}/`));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  for (const { entry, maxGzipBytes } of entries) {
    // Its size is that of what is published; where its parts are from is only told by the modules.
    const [published, compiled] = [`dist/${entry}/index.js`, `.cache/modules/${entry}/index.js`];
    for (const file of [published, compiled]) {
      if (existsSync(join(root, file))) continue;
      console.error(`check-client-bundle: ${file} is missing; run npm run build first.`);
      process.exit(1);
    }
    const { gzipBytes } = await bundleClient({ root, entry: published });
    const { strangers } = await bundleClient({ root, entry: compiled });
    for (const stranger of strangers) console.error(`check-client-bundle: ${entry} must not hold ${stranger}`);
    const size = `${entry} is ${gzipBytes} bytes gzipped, at most ${maxGzipBytes} are allowed`;
    const tooLarge = gzipBytes > maxGzipBytes;
    console[tooLarge ? 'error' : 'log'](`check-client-bundle: ${size}`);
    if (tooLarge || strangers.length > 0) process.exitCode = 1;
  }
}
