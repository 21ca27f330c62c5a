/** Runs `fanfare load` in this process against an application of the test, and returns what it wrote as JSON. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { channel, fanfare, type ListenOptions } from 'fanfare';
import { onTestFinished } from 'vitest';
import type { LoadResult } from '../../../src/cli/load/result.js';
import { Folder } from '../fanfare-process.js';
import { runInProcess } from '../in-process.js';

const log = { debug() {}, info() {}, warn() {}, error() {} };

interface Loaded {
  readonly code: number | null;
  readonly stdout: string;
  readonly result: LoadResult;
}

/** An application that takes every load, on all transports. */
export async function loadableApp(publish: () => boolean = () => true, listen: ListenOptions = {}) {
  const open = channel({ subscribe: 'anyone', publish, history: { size: 1_000, ttl: '5m' } });
  const app = fanfare({
    anonymous: true,
    log,
    transports: { sse: true },
    limits: { commandsPerSec: 0 },
    channels: { 'load:{number}': open, 'final:{number}': open },
  });
  onTestFinished(() => app.close(500));
  const { url, port } = await app.listen(0, listen);
  return { app, url, port };
}

/** @param args flags without `--json`, which is added */
export async function loaded(url: string, args: readonly string[]): Promise<Loaded> {
  using folder = new Folder();
  const flags = ['--url', url, '--json', 'result.json', ...args];
  const { code, stdout, stderr } = await runInProcess(['load', ...flags], { folder });
  if (stderr !== '') throw new Error(stderr);
  return { code, stdout, result: JSON.parse(readFileSync(join(folder.path, 'result.json'), 'utf8')) };
}
