/** The function that deploy/aws deploys, bundled as its template says, where nothing is installed beside it. */

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { bundleDeployed } from '../support/aws/deployed-bundle.js';

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
