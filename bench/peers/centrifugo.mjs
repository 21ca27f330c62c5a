// @ts-check
/** The real Centrifugo as a process of the benchmark, and its configuration. */
import { freePort } from '../brokers/services.mjs';
import { startConfigured } from '../shared/configured-server.mjs';
import { SECRET } from '../shared/credentials.mjs';
import { API_KEY, CENTRIFUGO_VERSION } from './programs.mjs';

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
  const port = await freePort();
  const config = { http_server: { address: '127.0.0.1', port: `${port}` }, ...configuration(options) };
  const running = await startConfigured([program, '-c'], { config, port, core });
  return { ...running, port, version: CENTRIFUGO_VERSION, request: null };
}
