/** What importing the package loads of Node: what is not needed yet would make every start slower. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('neither undici nor HTTP/2 is loaded before something needs it', async () => {
  const program = "await import('fanfare'); console.log(JSON.stringify(process.moduleLoadList));";
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
  });
  const loaded: readonly string[] = JSON.parse(stdout);
  expect(loaded).toContain('NativeModule http');
  expect(loaded.filter((name) => /deps\/undici|NativeModule http2$/.test(name))).toEqual([]);
});
