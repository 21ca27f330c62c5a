/** The function that deploy/aws deploys, bundled as its template says, where nothing is installed beside it. */

import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const maxBytes = 1_500_000;

interface BuildProperties {
  readonly External: string[];
  readonly Format: 'esm';
  readonly Target: string;
  readonly Banner: readonly { readonly js: string }[] | readonly string[];
}

test('it starts, answers, and is small', async () => {
  const template = parse(readFileSync(`${root}deploy/aws/template.yaml`, 'utf8'), { logLevel: 'silent' });
  const { External, Format, Target, Banner }: BuildProperties = template.Resources.Clients.Metadata.BuildProperties;
  const banner = String(Banner[0]).replace(/^js=/, '');
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  copyFileSync(`${root}deploy/aws/app.ts`, join(folder, 'app.ts'));
  const outfile = join(folder, 'app.mjs');
  await build({
    entryPoints: [join(folder, 'app.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    minify: true,
    format: Format,
    target: Target,
    external: External,
    banner: { js: banner },
    alias: { fanfare: `${root}dist/index.js`, 'fanfare/aws': `${root}dist/aws/index.js` },
    logLevel: 'silent',
  });
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
