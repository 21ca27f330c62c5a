/** `delta` of `client.channel()`: whole messages for listeners, differences on the wire, in both codecs. */

import { channel, fanfare } from 'fanfare';
import { connect, tag } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { Gathered } from '../support/centrifuge/awaiting.js';

const app = fanfare({
  anonymous: true,
  channels: {
    'board:{id}': channel({ subscribe: 'anyone', history: { size: 10 }, delta: true, compaction: true }),
    'plain:{id}': channel({ subscribe: 'anyone' }),
    'tagged:{id}': channel({ subscribe: 'anyone', delta: true, filterTags: ['kind'] }),
  },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const { url } = await app.listen(0);
afterAll(() => app.close(500));

const board = (goals: number) => ({ title: 'Ünïcödé 😀', teams: Array(40).fill('Ålesund – Brann'), goals });

test.each([
  ['JSON', {}],
  ['protobuf', { codec: protobuf }],
])('%s: messages are whole, and each after the first is a delta on the wire', async (_, options) => {
  const sizes: number[] = [];
  const websocket = class extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      this.on('message', (bytes) => sizes.push(Buffer.from(bytes as Buffer).length));
    }
  };
  const client = connect(url, { websocket: websocket as never, ...options });
  onTestFinished(() => client.close());
  for (const [name, isDelta] of [
    [`board:${_}`, true],
    [`plain:${_}`, false],
  ] as const) {
    const received = new Gathered<unknown>();
    const room = client.channel(name, { delta: true });
    room.on('message', ({ data }) => received.add(data));
    await room.ready();
    sizes.length = 0;
    for (let goals = 1; goals <= 4; goals++) {
      await app.publish(name, board(goals));
      await received.atLeast(goals);
    }
    expect(received.items).toEqual([1, 2, 3, 4].map(board));
    const whole = JSON.stringify(board(1)).length;
    expect(sizes.map((size) => size > whole)).toEqual(isDelta ? [true, false, false, false] : [true, true, true, true]);
    if (isDelta) expect(Math.max(...sizes.slice(1))).toBeLessThan(150);
  }
});

// The SDK throws for both together, which ended the process, since a channel subscribes at the end of the turn.
test('with a filter, what passes comes whole', async () => {
  const client = connect(url, { websocket: WebSocket });
  onTestFinished(() => client.close());
  const room = client.channel('tagged:1', { delta: true, filter: tag('kind').is('goal') });
  const received = new Gathered<unknown>();
  room.on('message', ({ data }) => received.add(data));
  await room.ready();
  for (const kind of ['goal', 'card', 'goal']) await app.publish('tagged:1', board(1), { tags: { kind } });
  expect(await received.atLeast(2)).toEqual([board(1), board(1)]);
});
