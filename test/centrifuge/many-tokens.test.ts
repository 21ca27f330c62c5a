/** A client comes back with all of its channels in one frame, each with a token: there has to be room for that. */

import { Centrifuge, type TransportEndpoint } from 'centrifuge';
import { channel, fanfare, jwt } from 'fanfare';
import { SignJWT } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const secret = 'a secret that tests may know, of 32 bytes and more';
const key = new TextEncoder().encode(secret);

let close: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const one of close.reverse()) await one();
  close = [];
});

/** As long as tokens are that carry what an application wants to know of a member. */
async function tokenOf(length: number, claims: { channel?: string }): Promise<string> {
  const sign = (padding: number) =>
    new SignJWT({ sub: '42', ...claims, info: 'x'.repeat(padding) }).setProtectedHeader({ alg: 'HS256' }).sign(key);
  const missing = length - (await sign(0)).length;
  return sign(Math.floor((missing * 3) / 4));
}

const endpoints: Record<string, (url: string) => TransportEndpoint> = {
  websocket: (url) => ({ transport: 'websocket', endpoint: `${url.replace('http', 'ws')}/connection/websocket` }),
  http_stream: (url) => ({ transport: 'http_stream', endpoint: `${url}/connection/http_stream` }),
};

const atDefaults = {};
const for512 = {
  maxChannelsPerConnection: 512,
  maxPendingCommands: 600,
  commandBurst: 1_200,
  maxFrameBytes: 1_048_576,
};

test.each([
  ['websocket', 128, 600, atDefaults],
  ['websocket', 128, 1_024, atDefaults],
  ['http_stream', 128, 600, atDefaults],
  ['http_stream', 128, 1_024, atDefaults],
  ['websocket', 512, 1_024, for512],
  ['http_stream', 512, 1_024, for512],
] as const)('%s: %i channels with tokens of %i bytes come and come back', async (transport, count, length, limits) => {
  const app = fanfare({
    auth: jwt({ secret }),
    limits,
    channels: { 'room:{n}': channel({ subscribe: 'token', history: { size: 10 } }) },
  });
  close.push(() => app.close(500));
  const { url } = await app.listen(0);
  // safe: the names above are keys
  const endpoint = (endpoints[transport] as (typeof endpoints)[string])(url);
  const client = new Centrifuge([endpoint], {
    websocket: WebSocket,
    fetch,
    readableStream: ReadableStream,
    emulationEndpoint: `${url}/emulation`,
    token: await tokenOf(length, {}),
  });
  close.push(async () => client.disconnect());
  const ends: number[] = [];
  client.on('disconnected', ({ code }) => ends.push(code));
  const rooms = await Promise.all(
    Array.from({ length: count }, async (_, n) =>
      client.newSubscription(`room:${n}`, { token: await tokenOf(length, { channel: `room:${n}` }) }),
    ),
  );
  const subscribed = () =>
    Promise.all(rooms.map((room) => new Promise<unknown>((resolve) => room.once('subscribed', resolve))));
  const first = subscribed();
  for (const room of rooms) room.subscribe();
  client.connect();
  const gone = new Promise((resolve) => client.once('disconnected', ({ code }) => resolve(`ended with ${code}`)));
  expect(await Promise.race([gone, first])).toHaveLength(count);
  const again = subscribed();
  await app.disconnect('42', { reconnect: true });
  for (const outcome of (await Promise.race([gone, again])) as object[])
    expect(outcome).toMatchObject({ recovered: true });
  expect(ends).toEqual([]);
});
