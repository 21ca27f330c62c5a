// @ts-check
/**
 * Many official SDK clients in a process of their own, behind a proxy: each counts what it gets in its channels, where
 * publications are numbered from 1 on. Spoken to by swarm.ts.
 */
import { createSecureContext } from 'node:tls';
import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';
import { LongPollingSocket } from '../../../dist/client/index.js';

/** Opened at one time: a proxy's backlog is no part of what is measured. */
const maxOpening = 40;
const tellEveryMs = 1_000;
/** Thousands of clients in one process are late by themselves when the machine is busy. */
const timeout = 20_000;

/**
 * @typedef {object} Start
 * @property {string} url `https://…` of the proxy
 * @property {string} ca what its certificate is trusted by
 * @property {number} first the number of the first client of this process
 * @property {number} count
 * @property {number} channelsPerClient
 * @property {number} numChannels
 * @property {number} http how many clients of each transport over HTTP
 */

/** What a client of one channel has got. */
class Reader {
  /** The number that it has to get next. */
  next = 1;
  doubled = 0;
  /** Numbers that were passed over, and never came. */
  lost = 0;

  /** @param {number} value */
  take(value) {
    if (value < this.next) this.doubled++;
    else {
      this.lost += value - this.next;
      this.next = value + 1;
    }
  }
}

/** @type {Centrifuge[]} */
const clients = [];
/** By channel. @type {[channel: number, reader: Reader][]} */
const readers = [];
/** Unix times in milliseconds of everyone's returns. @type {number[]} */
let returns = [];
/** When and why connections ended, and of which transport. @type {[atMs: number, code: number, transport: string][]} */
let ends = [];
/** With which status a command was answered since its client is connected: the SDK closes its stream then. @type {WeakMap<Centrifuge, number>} */
const refusals = new WeakMap();
/** @type {import('node:tls').SecureContext | undefined} */
let trust;
let deliveries = 0;
let unrecovered = 0;
let connected = 0;

/** @param {Start} start */
async function open(start) {
  let next = start.first;
  const openNext = async () => {
    while (next < start.first + start.count) {
      const n = next++;
      // As many of each transport over HTTP as asked for, all of them in the first process.
      const kind =
        n < 3 * start.http ? /** @type {const} */ (['http_stream', 'sse', 'long_polling'])[n % 3] : undefined;
      await openClient(start, n, kind);
    }
  };
  await Promise.all(Array.from({ length: maxOpening }, openNext));
}

/**
 * Resolves when it is subscribed to all of its channels.
 * @param {Start} start
 * @param {number} n
 * @param {'http_stream' | 'sse' | 'long_polling' | undefined} kind
 */
async function openClient({ url, ca, channelsPerClient, numChannels }, n, kind) {
  const client = kind === undefined ? overWebSocket(url, ca, n) : overHttp(url, kind);
  clients.push(client);
  let isBack = false;
  client.on('connected', () => {
    refusals.delete(client);
    connected++;
    if (isBack) returns.push(Date.now());
    isBack = true;
  });
  client.on('connecting', ({ code }) => {
    if (!isBack) return;
    connected--;
    const status = code === 1 ? refusals.get(client) : undefined;
    ends.push([
      Date.now(),
      code,
      `${kind ?? 'websocket'}${status === undefined ? '' : `, a command was answered with ${status}`}`,
    ]);
  });
  // It was told not to come back.
  client.on('disconnected', ({ code }) => ends.push([Date.now(), code, `${kind ?? 'websocket'}, for good`]));
  const subscribed = [];
  for (let k = 0; k < channelsPerClient; k++) {
    const channel = (n * channelsPerClient + k) % numChannels;
    const reader = new Reader();
    readers.push([channel, reader]);
    const subscription = client.newSubscription(`feed:${channel}`);
    subscription.on('publication', ({ data }) => {
      deliveries++;
      reader.take(data);
    });
    subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) unrecovered++;
    });
    subscribed.push(new Promise((resolve) => subscription.once('subscribed', resolve)));
    subscription.subscribe();
  }
  client.connect();
  await Promise.all(subscribed);
}

/**
 * From an address of its own, as clients have, so that the proxy's limits are those of deploy/.
 * @param {string} url
 * @param {string} ca
 * @param {number} n
 */
function overWebSocket(url, ca, n) {
  // One for all: reading a certificate costs more than a connection.
  trust ??= createSecureContext({ ca });
  const localAddress = `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}`;
  const options = { secureContext: trust, localAddress, perMessageDeflate: false };
  class Socket extends WebSocket {
    /** @param {string} address */
    constructor(address) {
      super(address, options);
    }
  }
  return new Centrifuge(`${url.replace('https', 'wss')}/connection/websocket`, { websocket: Socket, timeout });
}

/**
 * @param {string} url
 * @param {'http_stream' | 'sse' | 'long_polling'} kind
 */
function overHttp(url, kind) {
  const transport = kind === 'long_polling' ? 'sockjs' : kind;
  /** @type {typeof fetch} */
  const watched = async (input, init) => {
    const response = await fetch(input, init);
    if (response.status === 404 || response.status >= 500) refusals.set(client, response.status);
    return response;
  };
  const client = new Centrifuge([{ transport, endpoint: `${url}/connection/${kind}` }], {
    timeout,
    emulationEndpoint: `${url}/emulation`,
    sockjs: LongPollingSocket,
    eventsource: EventSource,
    fetch: watched,
    readableStream: ReadableStream,
  });
  return client;
}

/** @param {unknown} message */
const tell = (message) => process.send?.(message);

setInterval(() => tell({ kind: 'figures', connected, deliveries }), tellEveryMs);

process.on('message', async (/** @type {{ ask: string } & Start} */ message) => {
  switch (message.ask) {
    case 'open':
      await open(message);
      tell({ kind: 'answer', body: null });
      break;
    case 'figures':
      tell({ kind: 'answer', body: { connected, deliveries } });
      break;
    case 'moves':
      tell({ kind: 'answer', body: { returns, ends } });
      [returns, ends] = [[], []];
      break;
    case 'readers': {
      const body = readers.map(([channel, { next, lost, doubled }]) => [channel, next - 1, lost, doubled]);
      tell({ kind: 'answer', body: { readers: body, unrecovered } });
    }
  }
});
