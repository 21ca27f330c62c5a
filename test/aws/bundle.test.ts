/** The function that deploy/aws deploys, bundled as its template says, where nothing is installed beside it. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { bundleDeployed } from '../support/aws/deployed-bundle.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = `${root}docs/operations/functions.md`;
const maxBytes = 1_500_000;

test('it starts, answers, and is small', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = await bundleDeployed(folder);
  expect(statSync(outfile).size).toBeLessThan(maxBytes);
  const program = join(folder, 'run.mjs');
  writeFileSync(
    program,
    `import { handler } from './app.mjs';
    console.log(JSON.stringify(await handler({})));
    await handler.close();`,
  );
  const env = {
    ...process.env,
    TABLE: 'fanfare',
    TOKEN_KEY: 'a key of at least thirty-two bytes, here',
    ORIGINS: 'https://example.com',
  };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(lines).toEqual([
    expect.objectContaining({ level: 'error', reason: expect.any(String) }),
    { statusCode: 400, body: 'unknown event' },
  ]);
});

test('the command of the page makes the same', async () => {
  const [, command = ''] = /^npx (esbuild .+)$/m.exec(readFileSync(page, 'utf8')) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = await bundleDeployed(folder);
  const here = ['', '/aws'].map((entry) => `--alias:fanfare${entry}=${root}dist${entry}/index.js`);
  const bundle = readFileSync(outfile, 'utf8');
  rmSync(outfile);
  await promisify(execFile)('sh', ['-c', `${command} "$@"`, 'sh', ...here], {
    cwd: folder,
    env: { ...process.env, PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}` },
  });
  expect(readFileSync(outfile, 'utf8')).toBe(bundle);
});
