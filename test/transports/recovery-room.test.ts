/**
 * What a client missed makes nobody slow, however near it comes to `limits.maxQueueBytes`: it is recovered, or told that it
 * cannot be. Once, room was measured without what the transport wraps around a message.
 */

import { Centrifuge, type Options } from 'centrifuge';
import { EventSource } from 'eventsource';
import { channel, fanfare } from 'fanfare';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { LongPollingSocket } from '../../src/client/long-polling-socket.js';
import { nextEvent } from '../support/centrifuge/awaiting.js';

const maxQueueBytes = 20_000;
/** Room is kept free for what comes up behind it. */
const room = maxQueueBytes - Math.floor(maxQueueBytes / 16);
const publicationBytes = 1_000;
let numAsked = 0;

const app = fanfare({
  anonymous: true,
  transports: { sse: true },
  limits: { maxQueueBytes, maxMessageBytes: 4_000, pingIntervalMs: 0 },
  log: { debug() {}, info() {}, warn() {}, error() {} },
  channels: { 'room:{x}': channel({ subscribe: 'anyone', history: { size: 100 } }) },
});
const { url } = await app.listen(0);
afterAll(() => app.close(500));

/** So many bytes of data in publications of a thousand, and a last one of what is left. */
async function publish(name: `room:${string}`, numBytes: number): Promise<void> {
  for (let left = numBytes; left > 0; left -= publicationBytes)
    await app.publish(name, 'x'.repeat(Math.min(left, publicationBytes)));
}

const transports: Readonly<
  Record<string, (host: string) => [ConstructorParameters<typeof Centrifuge>[0], Partial<Options>]>
> = {
  websocket: (host) => [`ws://${host}/connection/websocket`, { websocket: WebSocket }],
  http_stream: (host) => [[{ transport: 'http_stream', endpoint: `http://${host}/connection/http_stream` }], {}],
  sse: (host) => [[{ transport: 'sse', endpoint: `http://${host}/connection/sse` }], { eventsource: EventSource }],
  long_polling: (host) => [
    [{ transport: 'sockjs', endpoint: `http://${host}/connection/long_polling` }],
    { sockjs: LongPollingSocket },
  ],
};

test.concurrent.each(Object.entries(transports))('over %s', async (transport, connection) => {
  const host = url.replace('http://', '');
  const [endpoint, options] = connection(host);
  const client = new Centrifuge(endpoint, { emulationEndpoint: `${url}/emulation`, ...options });
  const ends: number[] = [];
  client.on('connecting', ({ code }) => {
    if (code >= 100) ends.push(code);
  });
  client.on('disconnected', ({ code }) => ends.push(code));
  try {
    client.connect();
    await client.ready(20_000);
    const isRecovered = async (numBytes: number): Promise<boolean> => {
      const name = `room:${transport} ${numBytes} ${numAsked++}` as const;
      await publish(name, numBytes);
      const subscription = client.newSubscription(name, { since: { offset: 0, epoch: '' } });
      const answered = nextEvent(subscription, 'subscribed');
      subscription.subscribe();
      const { recovered, wasRecovering } = await answered;
      expect(wasRecovering).toBe(true);
      subscription.unsubscribe();
      client.removeSubscription(subscription);
      return recovered;
    };
    // What is around the publications is some hundred bytes: where it does not fit any more is looked for.
    let [fits, isTooMuch] = [room - 3_000, maxQueueBytes];
    expect([await isRecovered(fits), await isRecovered(isTooMuch)]).toEqual([true, false]);
    while (isTooMuch - fits > 1) {
      const middle = Math.floor((fits + isTooMuch) / 2);
      if (await isRecovered(middle)) fits = middle;
      else isTooMuch = middle;
    }
    for (let n = -4; n < 24; n++) await isRecovered(fits + n);
    for (let n = -4; n < 24; n++) await isRecovered(fits + maxQueueBytes - room + n);
    expect(ends).toEqual([]);
  } finally {
    client.disconnect();
  }
});
