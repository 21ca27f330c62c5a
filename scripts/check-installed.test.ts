/** Proves that the check of the installed package bites: on its size, on scripts, and on licences that are missing. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { faultsOf, packagesIn, unlicensed } from './check-installed.mjs';
import { addSources, licencesOf } from './package/licences.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'fanfare-installed-'));
  folders.push(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

it('finds every package, also one in another and one of a scope, with its bytes and scripts', () => {
  const manifest = '{"version":"1.0.0"}';
  const found = packagesIn(
    folderWith({
      'a/package.json': manifest,
      'a/index.js': 'x'.repeat(100),
      'a/node_modules/b/package.json': '{"version":"2.0.0","scripts":{"postinstall":"node x.js","test":"node y.js"}}',
      '@c/d/package.json': manifest,
      '@c/d/binding.gyp': '{}',
    }),
  );
  expect(found).toEqual([
    { name: 'a', version: '1.0.0', bytes: 100 + manifest.length, scripts: [] },
    { name: 'b', version: '2.0.0', bytes: 76, scripts: ['postinstall'] },
    { name: '@c/d', version: '1.0.0', bytes: 2 + manifest.length, scripts: ['binding.gyp'] },
  ]);
  expect(faultsOf(found)).toEqual([
    expect.stringContaining('b runs scripts'),
    expect.stringContaining('@c/d runs scripts'),
  ]);
});

it('refuses more than 20 MB in all', () => {
  const half = { name: 'a', version: '1.0.0', bytes: 10_000_000, scripts: [] };
  expect(faultsOf([half, half])).toEqual([]);
  expect(faultsOf([half, half, { ...half, bytes: 1 }])).toHaveLength(1);
});

it('finds a package that was bundled and whose licence is missing', () => {
  const dist = folderWith({
    'chunks/a.js': '// ../../node_modules/one/index.js\n// ../../node_modules/@two/three/lib/x.mjs\n',
    'THIRD-PARTY-LICENSES.txt': '=====\none 1.0.0 (MIT)\n\n…\n',
  });
  expect(unlicensed(dist)).toEqual(['@two/three']);
});

it('writes the licence of what is in a bundle, with notices in its files, and refuses what has none', () => {
  const root = folderWith({
    'node_modules/one/package.json': '{"name":"one","version":"1.0.0","license":"MIT"}',
    'node_modules/one/LICENSE': 'Copyright one',
    'node_modules/one/index.js': '/*\n * Copyright of a part\n */\n/* no notice */\n',
    'node_modules/none/package.json': '{"name":"none","version":"1.0.0","license":"MIT"}',
    'node_modules/none/index.js': '',
  });
  const metafile = (name: string, bytesInOutput: number) => ({
    outputs: {
      'a.js': { inputs: { [`node_modules/${name}/index.js`]: { bytesInOutput }, 'src/b.js': { bytesInOutput } } },
    },
  });
  const sources = new Map<string, Set<string>>();
  addSources(sources, metafile('one', 1), root);
  addSources(sources, metafile('none', 0), root);
  expect(licencesOf(sources)).toMatch(/one 1\.0\.0 \(MIT\)\n\nCopyright one\n\nCopyright of a part\n$/);
  addSources(sources, metafile('none', 1), root);
  expect(() => licencesOf(sources)).toThrow('none');
});
