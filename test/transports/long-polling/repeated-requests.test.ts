/** Browsers and proxies send a request again when its connection breaks: what comes twice does nothing twice. */

import { Centrifuge } from 'centrifuge';
import { channel, fanfare, rpc } from 'fanfare';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { Gathered, nextEvent } from '../../support/centrifuge/awaiting.js';
import { served } from '../../support/servers/served.js';

let numCalls: number;
let messages: unknown[];
let pongs: Gathered<string>;
let url: string;

function start() {
  return fanfare({
    anonymous: true,
    transports: { sse: true },
    limits: { pingIntervalMs: 2_000, pongTimeoutMs: 1_900 },
    log: silentLogger,
    channels: { 'room:{x}': channel({ subscribe: 'anyone', publish: 'subscriber', history: { size: 10 } }) },
    onMessage: (data) => void messages.push(data),
    rpc: { count: rpc({ allow: 'anyone', run: () => ++numCalls }) },
  });
}

beforeEach(async () => {
  numCalls = 0;
  messages = [];
  pongs = new Gathered();
  ({ url } = await served(start()));
});

/** Each request to the emulation endpoint twice, one right behind the other. */
const twice: typeof fetch = async (input, init) => {
  if (!String(input).endsWith('/emulation')) return fetch(input, init);
  const answers = await Promise.all([fetch(input, init), fetch(input, init)]);
  for (const answer of answers) expect(answer.status).toBe(204);
  const body = String(init?.body);
  if (JSON.parse(body).data.trim() === '{}') pongs.add(body);
  return answers[0];
};

describe('every request of the official client, sent twice', () => {
  test('commands are done once, and the connection stays, through pings too', async () => {
    const client = new Centrifuge([{ transport: 'http_stream', endpoint: `${url}/connection/http_stream` }], {
      fetch: twice,
      readableStream: ReadableStream,
      emulationEndpoint: `${url}/emulation`,
    });
    const ends: number[] = [];
    client.on('disconnected', ({ code }) => ends.push(code));
    client.on('connecting', ({ code }) => {
      if (code >= 100) ends.push(code);
    });
    onTestFinished(() => client.disconnect());
    client.connect();
    const room = client.newSubscription('room:1');
    const seen: unknown[] = [];
    room.on('publication', ({ data }) => seen.push(data));
    room.subscribe();
    await room.ready(20_000);
    for (let n = 1; n <= 5; n++) {
      expect((await client.rpc('count', {})).data).toBe(n);
      await room.publish(n);
    }
    // The pong comes twice, too: it has no id.
    await pongs.atLeast(2);
    const last = nextEvent(room, 'publication', ({ data }) => data === 'last');
    await room.publish('last');
    await last;
    expect(seen).toEqual([1, 2, 3, 4, 5, 'last']);
    expect(numCalls).toBe(5);
    // Without an id there is nothing to know it by: an application may send the same twice.
    await client.send('hello');
    await vi.waitFor(() => expect(messages).toEqual(['hello', 'hello']));
    expect(ends).toEqual([]);
  });
});
