// @ts-check
/** The real Centrifugo as a process of the benchmark: its configuration, and when it is ready. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../brokers/services.mjs';
import { SECRET } from '../shared/credentials.mjs';
import { onCore } from '../shared/ipc.mjs';
import { API_KEY, CENTRIFUGO_VERSION } from './programs.mjs';

const READY_WITHIN_MS = 20_000;
const POLL_MS = 5;

/** @param {import('./peers.mjs').ServerOptions} options */
function configuration({ historySize, presence, redisUrl }) {
  const history = historySize > 0 && { history_size: historySize, history_ttl: '300s', force_recovery: true };
  const members = presence && { presence: true, join_leave: true, force_push_join_leave: true };
  return {
    log: { level: 'error' },
    client: { token: { hmac_secret_key: SECRET }, allowed_origins: ['*'], history_max_publication_limit: 1000 },
    http_api: { key: API_KEY },
    ...(redisUrl && { engine: { type: 'redis', redis: { address: [redisUrl] } } }),
    channel: {
      namespaces: [
        {
          name: 'bench',
          allow_subscribe_for_client: true,
          allow_publish_for_subscriber: true,
          allow_history_for_subscriber: true,
          ...history,
          ...members,
        },
      ],
    },
  };
}

/**
 * Resolves when it listens.
 * @param {string} program
 * @param {import('./peers.mjs').ServerOptions} options
 * @param {number | null} core
 * @returns {Promise<import('./peers.mjs').RunningServer>}
 */
export async function startCentrifugo(program, options, core) {
  const folder = await mkdtemp(join(tmpdir(), 'fanfare-bench-'));
  const file = join(folder, 'config.json');
  const port = await freePort();
  await writeFile(
    file,
    JSON.stringify({ http_server: { address: '127.0.0.1', port: `${port}` }, ...configuration(options) }),
  );
  const [command = '', ...args] = onCore(core, [program, '-c', file]);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + READY_WITHIN_MS;
  // Any answer shows that it listens.
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => null))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await close();
      throw new Error('Centrifugo did not start');
    }
    await delay(POLL_MS);
  }
  return { port, version: CENTRIFUGO_VERSION, pid: Number(child.pid), request: null, close };
}
