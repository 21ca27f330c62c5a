/** Proves that the client bundle check bites: server code, server packages and Node's modules are found in a bundle. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { bundleClient } from './check-client-bundle.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function bundle(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'fanfare-bundle-'));
  folders.push(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return bundleClient({ root, entry: 'dist/client/index.js' });
}

it('accepts a client made of the model, the protocols and the SDK', async () => {
  const { strangers, gzipBytes } = await bundle({
    'dist/client/index.js': "import '../model/a.js';\nimport '../protocols/b.js';\nimport 'centrifuge';\n",
    'dist/model/a.js': 'console.log(1);\n',
    'dist/protocols/b.js': 'console.log(2);\n',
    'node_modules/centrifuge/index.js': 'console.log(3);\n',
  });
  expect(strangers).toEqual([]);
  expect(gzipBytes).toBeGreaterThan(0);
});

it('finds code of the engine that comes in by a detour', async () => {
  const { strangers } = await bundle({
    'dist/client/index.js': "import '../model/a.js';\n",
    'dist/model/a.js': "import '../engine/hub.js';\n",
    'dist/engine/hub.js': 'console.log(1);\n',
  });
  expect(strangers).toEqual(['dist/engine/hub.js']);
});

it("finds packages of the server and Node's modules", async () => {
  const { strangers } = await bundle({
    'dist/client/index.js': "import 'ws';\nimport fs from 'node:fs';\nimport 'crypto';\nconsole.log(fs);\n",
    'node_modules/ws/index.js': 'console.log(1);\n',
  });
  expect(strangers).toEqual([
    'crypto (imported by dist/client/index.js)',
    'node:fs (imported by dist/client/index.js)',
    'node_modules/ws/index.js',
  ]);
});
