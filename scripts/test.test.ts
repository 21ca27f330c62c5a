import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'fanfare-clone-'));
  mkdirSync(join(clone, 'scripts'));
  for (const name of ['test.mjs', 'setup.mjs', 'run-npm.mjs']) {
    copyFileSync(fileURLToPath(new URL(name, import.meta.url)), join(clone, 'scripts', name));
  }
  // An npm that ends at once, as it does without a network.
  writeFileSync(join(clone, 'npm-cli.js'), 'process.exit(1)');
});
afterEach(() => {
  rmSync(clone, { recursive: true, force: true });
});

it.each([
  { given: [], says: '--project unit' },
  { given: ['--project', 'unit'], says: 'vitest run --project unit' },
])('npm test $given says what it will do before it installs anything', ({ given, says }) => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/test.mjs', ...given], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: join(clone, 'npm-cli.js') },
  });
  const [first = '', second = ''] = stdout.split('\n');
  expect(first).toContain(says);
  expect(second).toContain('npm install');
  expect(status).toBe(1);
});
