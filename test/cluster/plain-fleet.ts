/** Nodes of the server as it is installed over one broker, an official client at each, and what the HTTP API answers. */

import { Centrifuge, type SubscriptionOptions } from 'centrifuge';
import { WebSocket } from 'ws';
import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { endpoint } from '../cli/handshake.js';

export const config = {
  anonymous: true,
  api: { insecure: true },
  channels: {
    'chat:{room}': {
      subscribe: 'anyone',
      publish: 'anyone',
      history: { size: 10_000, ttl: '10m', read: 'subscriber' },
      presence: 'subscriber',
      joinLeave: true,
    },
    'plain:{room}': { subscribe: 'anyone', publish: 'anyone' },
    'lobby:{room}': { subscribe: 'anyone', joinLeave: 'push' },
    'tagged:{room}': { subscribe: 'anyone', history: { size: 100, ttl: '10m' }, filterTags: ['kind', 'minute'] },
    'tagcache:{room}': {
      subscribe: 'anyone',
      history: { size: 10, ttl: '10m' },
      recovery: 'cache',
      filterTags: ['kind', 'minute'],
    },
    'tagplain:{room}': { subscribe: 'anyone', filterTags: ['kind', 'minute'] },
  },
};

/** A node for each address: the ways to the broker may differ. @param more configuration beyond the usual */
export async function startFleet(addresses: readonly string[], more: object = {}) {
  const folder = new Folder({ 'fanfare.json': JSON.stringify({ ...config, ...more }) });
  const nodes = addresses.map(
    (address) => new FanfareProcess(['serve', '--port', '0'], { folder, env: { FANFARE_BROKER: address } }),
  );
  const stop = async () => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    folder[Symbol.dispose]();
  };
  try {
    const urls = await Promise.all(nodes.map((node) => node.listening()));
    return { nodes, urls, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One node, started as a supervisor does it: again, if it has ended because its broker did not answer in time. */
export async function startSupervised(address: string, more: object) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startFleet([address], more);
    } catch (error) {
      // What a node says of a broker that fails, whatever its kind.
      if (attempt === 5 || !/(?:nats|redis) at \S+ has failed/.test(String(error))) throw error;
      console.info(`a node is started again: ${error}`);
    }
  }
}

/** A client in one channel, which writes down what it gets and how often it was told that something may be missing. */
export async function subscribed(url: string, channel: string, options: Partial<SubscriptionOptions> = {}) {
  const client = new Centrifuge(endpoint(url), { websocket: WebSocket, minReconnectDelay: 50, maxReconnectDelay: 500 });
  const connected = new Promise<string>((resolve) => client.on('connected', ({ client: id }) => resolve(id)));
  const subscription = client.newSubscription(channel, {
    minResubscribeDelay: 50,
    maxResubscribeDelay: 500,
    ...options,
  });
  const received: unknown[] = [];
  let numSignals = 0;
  subscription.on('publication', ({ data }) => received.push(data));
  subscription.on('subscribing', ({ code }) => {
    if (code >= 2_500) numSignals++;
  });
  client.connect();
  subscription.subscribe();
  const [id] = await Promise.all([connected, subscription.ready(20_000)]);
  return {
    client,
    id,
    subscription,
    received,
    numSignals: () => numSignals,
    [Symbol.dispose]() {
      client.disconnect();
    },
  };
}

/** A call of the HTTP API. */
export async function call(url: string, method: string, fields: object) {
  const began = performance.now();
  const answer = await fetch(`${url}/api/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  // safe: the API's own answer, judged elsewhere
  const body = (await answer.json()) as { result?: unknown; error?: { code: number; message: string } };
  return { ...body, status: answer.status, tookMs: performance.now() - began };
}

export function publish(url: string, channel: string, data: unknown, tags?: Readonly<Record<string, string>>) {
  return call(url, 'publish', { channel, data, ...(tags && { tags }) });
}

export async function statusOf(url: string, check: 'live' | 'ready'): Promise<number> {
  return (await fetch(`${url}/health/${check}`)).status;
}
