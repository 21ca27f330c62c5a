// @ts-check
/** Each server as a process of its own, in the way of its documentation, published to over HTTP. */
import { fileURLToPath } from 'node:url';
import { freePort } from '../brokers/services.mjs';
import { API_KEY, centrifugo } from '../peers/programs.mjs';
import { startConfigured } from '../shared/configured-server.mjs';

/** @typedef {import('./rows.mjs').Option} Option */
/** @typedef {import('./rows.mjs').Row} Row */
/**
 * @typedef {object} Running
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} close
 */

export const CHANNEL = 'bench:match-lions-bears';

const HISTORY_SIZE = 10;
/** Messages above this are compressed; the default of all three that have one is near. */
const MIN_DEFLATED_BYTES = 64;
const script = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {Option[]} options */
const isCompressed = (options) => options.includes('deflate') || options.includes('dictionary');

/**
 * The program with its configuration, or why there is none.
 * @type {Record<import('./rows.mjs').ServerName, (options: Option[], port: number) => { command: string[], config: object } | { missing: string }>}
 */
const SERVERS = {
  fanfare: (options, port) => ({
    command: [process.execPath, script('../../dist/cli/main.js'), 'serve', '--config'],
    config: {
      port,
      anonymous: true,
      log: { level: 'error' },
      api: { keys: [API_KEY] },
      ...(isCompressed(options) && {
        deflate: { enabled: true, minBytes: MIN_DEFLATED_BYTES, dictionary: options.includes('dictionary') },
      }),
      channels: {
        'bench:{name}': {
          subscribe: 'anyone',
          history: { size: HISTORY_SIZE, ttl: '5m' },
          ...(options.includes('binary') && { data: 'bytes' }),
          // Of bytes a server learns nothing.
          ...(options.includes('dictionary') && !options.includes('binary') && { dictionarySamples: true }),
          ...(options.includes('filter') && { filterTags: 'any' }),
          ...(options.includes('delta') && { delta: true }),
          ...(options.includes('compaction') && { compaction: true }),
        },
      },
    },
  }),
  centrifugo(options, port) {
    const { path, missing } = centrifugo();
    if (path === undefined) return { missing };
    return {
      command: [path, '-c'],
      config: {
        http_server: { address: '127.0.0.1', port: `${port}` },
        log: { level: 'error' },
        client: { insecure: true, allowed_origins: ['*'] },
        http_api: { key: API_KEY },
        ...(options.includes('http') && { http_stream: { enabled: true } }),
        ...(options.includes('deflate') && {
          websocket: {
            compression: true,
            compression_min_size: MIN_DEFLATED_BYTES,
            compression_prepared_message_cache_size: 1_048_576,
          },
        }),
        channel: {
          namespaces: [
            {
              name: 'bench',
              history_size: HISTORY_SIZE,
              history_ttl: '300s',
              force_recovery: true,
              ...(options.includes('binary') && { publication_data_format: 'binary' }),
              ...(options.includes('filter') && { allow_tags_filter: true }),
              ...(options.includes('delta') && { allowed_delta_types: ['fossil'], delta_publish: true }),
              ...(options.includes('compaction') && { allow_channel_compaction: true }),
            },
          ],
        },
      },
    };
  },
  socketio: (options, port) => ({
    command: [process.execPath, script('./socketio-server.mjs')],
    config: { port, deflate: options.includes('deflate'), minBytes: MIN_DEFLATED_BYTES },
  }),
};

/**
 * Resolves when it listens, or with the reason why it cannot be measured.
 * @param {Row} row
 * @param {number | null} core
 * @param {object} [more] of its configuration
 * @returns {Promise<Running | string>}
 */
export async function startServer({ server, options }, core, more) {
  const port = await freePort();
  const plan = SERVERS[server](options, port);
  if ('missing' in plan) return plan.missing;
  try {
    const config = { ...plan.config, ...more };
    return { port, ...(await startConfigured(plan.command, { config, port, core })) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {number} port
 * @param {import('./loads.mjs').Message} message
 * @param {import('./loads.mjs').Load['pack']} [pack] makes bytes of it
 */
export async function publish(port, { data, tags }, pack) {
  const answer = await fetch(`http://127.0.0.1:${port}/api/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': API_KEY },
    body: JSON.stringify({ channel: CHANNEL, tags, ...(pack ? { b64data: base64Of(pack(data)) } : { data }) }),
  });
  const text = await answer.text();
  if (!answer.ok || text.includes('"error"')) throw new Error(`publish: ${answer.status} ${text.slice(0, 200)}`);
}

/** @param {Uint8Array} bytes */
export function base64Of(bytes) {
  return Buffer.from(bytes).toString('base64');
}
