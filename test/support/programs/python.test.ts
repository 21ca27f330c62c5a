/** An environment that was made for other requirements once failed in the middle of a test: no module `cent`. */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { pythonIsMissing } from './python.js';

const folder = mkdtempSync(join(tmpdir(), 'fanfare-python-'));
const installed = join(folder, 'requirements.txt');
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

test('Python is there when all packages that are asked for now were installed', () => {
  vi.stubEnv('CI', 'true');
  expect(() => pythonIsMissing(folder)).toThrow();
  writeFileSync(installed, 'PyJWT==2.15.1\n');
  expect(() => pythonIsMissing(folder)).toThrow();
  copyFileSync('test/python-requirements.txt', installed);
  expect(pythonIsMissing(folder)).toBe(false);
});
