/**
 * 1,000 sockets in one channel, in six combinations of codec, delta, deflate and filter: what the server itself does for a
 * publication is done once for each form that differs, counted where it is done.
 */

import { once } from 'node:events';
import { channel, fanfare } from 'fanfare';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { DataVersion } from '../../src/engine/fanout/delta/version.js';
import { TagFilter } from '../../src/engine/filters/tag-filter.js';
import { centrifugalJson } from '../../src/protocols/centrifugal/json-protocol.js';
import { centrifugalProtobuf } from '../../src/protocols/centrifugal/protobuf-protocol.js';
import { websocketFraming } from '../../src/transports/websocket/framing.js';
import { DeltaReader } from '../support/centrifuge/delta-reader.js';
import { protobufOfLines, protobufSdk } from '../support/documents/protobuf-sdk.js';
import { served } from '../support/servers/served.js';

const numSubscribers = 1_000;
/** Opened at a time: the queue of the kernel is finite. */
const numOpening = 100;

interface Combination {
  readonly codec: 'json' | 'protobuf';
  readonly delta?: true;
  readonly deflate?: true;
  readonly filter?: true;
}

const combinations: readonly Combination[] = [
  { codec: 'json' },
  { codec: 'json', delta: true },
  { codec: 'json', deflate: true, filter: true },
  { codec: 'protobuf' },
  { codec: 'protobuf', delta: true, deflate: true },
  { codec: 'protobuf', filter: true },
];

interface Reply {
  readonly id?: number;
  readonly push?: { readonly pub?: { readonly data?: unknown; readonly delta?: boolean } };
}

const board = (n: number) => ({
  n,
  rows: Array.from({ length: 30 }, (_, row) => (row === n % 7 ? n : `row ${row} é`)),
});

/** Resolves when it is subscribed. @param received gets the data of publications as text */
async function subscribe(url: string, { codec, delta, deflate, filter }: Combination, received: string[]) {
  const isJson = codec === 'json';
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, [`centrifuge-${codec}`], {
    perMessageDeflate: deflate === true,
  });
  onTestFinished(() => socket.terminate());
  const deltas = delta && new DeltaReader(codec);
  // safe: both codecs make such replies
  const repliesOf = (frame: Buffer) =>
    (isJson
      ? String(frame)
          .split('\n')
          .map((line) => JSON.parse(line))
      : protobufSdk.decodeReplies(frame)) as Reply[];
  const subscribed = new Promise<void>((resolve) => {
    socket.on('message', (frame: Buffer) => {
      for (const { id, push } of repliesOf(frame)) {
        if (id === 2) resolve();
        if (push?.pub === undefined || push.pub === null) continue;
        const data = deltas?.read(push.pub) ?? push.pub.data;
        received.push(data instanceof Uint8Array ? Buffer.from(data).toString() : JSON.stringify(data));
      }
    });
  });
  await once(socket, 'open');
  const tf = filter && { key: 'kind', cmp: 'eq', val: 'goal' };
  const subscribing = { channel: 'board:1', ...(delta && { delta: 'fossil' }), ...(tf && { tf }) };
  const lines = [
    { id: 1, connect: {} },
    { id: 2, subscribe: subscribing },
  ].map((command) => JSON.stringify(command));
  socket.send(isJson ? lines.join('\n') : protobufOfLines(lines.join('\n')));
  await subscribed;
}

test('a publication is encoded, compared, compressed and filtered once, whoever gets it', {
  timeout: 120_000,
}, async () => {
  const spies = {
    json: vi.spyOn(centrifugalJson, 'encodePush'),
    protobuf: vi.spyOn(centrifugalProtobuf, 'encodePush'),
    deltas: vi.spyOn(DataVersion.prototype, 'deltaFrom'),
    filters: vi.spyOn(TagFilter.prototype, 'passes'),
    frames: vi.spyOn(websocketFraming, 'frame'),
  };
  onTestFinished(() => {
    for (const spy of Object.values(spies)) spy.mockRestore();
  });
  const app = fanfare({
    anonymous: true,
    limits: { pingIntervalMs: 0 },
    channels: { 'board:{id}': channel({ subscribe: 'anyone', delta: true, filterTags: 'any' }) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { url } = await served(app, { deflate: { minBytes: 16 }, metrics: true });
  const numDeflated = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^fanfare_deflated_frames_total (\d+)$/m.exec(metrics)?.[1]);
  };

  const subscribers = Array.from({ length: numSubscribers }, (_, n) => ({
    combination: combinations[n % combinations.length] ?? { codec: 'json' },
    received: [] as string[],
  }));
  for (let n = 0; n < numSubscribers; n += numOpening) {
    const batch = subscribers.slice(n, n + numOpening);
    await Promise.all(batch.map(({ combination, received }) => subscribe(url, combination, received)));
  }

  const published: { readonly text: string; readonly kind: string }[] = [];
  /** Publishes one, and waits until everybody has it. @returns how often each step was taken */
  async function publish(kind: string) {
    for (const spy of Object.values(spies)) spy.mockClear();
    const before = await numDeflated();
    const data = board(published.length);
    published.push({ text: JSON.stringify(data), kind });
    await app.publish('board:1', data, { tags: { kind } });
    const due = (filter?: true) => published.filter((one) => filter === undefined || one.kind === 'goal').length;
    await vi.waitFor(
      () => {
        const late = subscribers.filter(({ combination, received }) => received.length < due(combination.filter));
        expect(late.length).toBe(0);
      },
      { timeout: 30_000 },
    );
    const times = Object.entries(spies).map(([step, { mock }]) => [step, mock.calls.length]);
    return { ...Object.fromEntries(times), deflated: (await numDeflated()) - before };
  }

  // Nobody has a base yet: what would be a delta is the whole message, in its own form.
  await publish('goal');
  // Both codecs have it whole and as a delta. Who has no compression gets three frames: whole in each codec, with a filter or
  // without, and the delta in JSON; who has it gets two.
  const passing = { json: 2, protobuf: 2, deltas: 1, filters: 1, frames: 3, deflated: 2 };
  for (let n = 0; n < 3; n++) expect(await publish('goal')).toEqual(passing);
  // Nothing is compressed for those that the filter spares.
  expect(await publish('card')).toEqual({ ...passing, deflated: 1 });
  expect(await publish('goal')).toEqual(passing);

  for (const { combination, received } of subscribers) {
    const due = published.filter(({ kind }) => combination.filter === undefined || kind === 'goal');
    expect(received).toEqual(due.map(({ text }) => text));
  }
});
