// @ts-check
/** Programs besides Node: built or installed if their tools are available; if not, the reason is kept and shown. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installRuntime, otherRuntimes } from '../../scripts/runtime-binary.mjs';

const folder = fileURLToPath(new URL('../../.cache/peers', import.meta.url));
const sources = fileURLToPath(new URL('.', import.meta.url));

export const CENTRIFUGO_VERSION = '6.9.1';

/** For servers with an API, on loopback only. */
export const API_KEY = 'fanfare-bench-api-key-for-loopback-only';

/** @typedef {{ path: string, missing?: undefined } | { path?: undefined, missing: string }} Program */

/** Built once per run. @type {Program | undefined} */
let built;

/** The load client and the centrifuge server, in one binary. @returns {Program} */
export function goPrograms() {
  const path = join(folder, 'peers');
  if (process.platform !== 'linux') return { missing: 'Linux only' };
  built ??= go(['build', '-o', path, '.'], path);
  return built;
}

/** @returns {Program} */
export function centrifugo() {
  const bin = join(folder, `centrifugo-${CENTRIFUGO_VERSION}`);
  const path = join(bin, 'centrifugo');
  if (existsSync(path)) return { path };
  return go(['install', `github.com/centrifugal/centrifugo/v6@v${CENTRIFUGO_VERSION}`], path, { GOBIN: bin });
}

/** @returns {Program} */
export function bun() {
  try {
    return { path: installRuntime('bun', otherRuntimes.bun) };
  } catch (error) {
    return { missing: `Bun ${otherRuntimes.bun} cannot be installed: ${firstLine(String(error))}` };
  }
}

/** @returns {Program} */
export function redisServer() {
  const { error } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return error ? { missing: 'Redis is not installed' } : { path: 'redis-server' };
}

/**
 * @param {string[]} args
 * @param {string} path of the result
 * @param {Record<string, string>} [env]
 * @returns {Program}
 */
function go(args, path, env = {}) {
  mkdirSync(folder, { recursive: true });
  const { status, error, stderr } = spawnSync('go', args, {
    cwd: sources,
    env: { ...process.env, GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local', ...env },
    encoding: 'utf8',
  });
  if (error) return { missing: 'Go is not installed' };
  return status === 0 ? { path } : { missing: `go ${args[0]} failed: ${firstLine(stderr)}` };
}

/** @param {string} text */
function firstLine(text) {
  return text.trim().split('\n', 1)[0] ?? '';
}
