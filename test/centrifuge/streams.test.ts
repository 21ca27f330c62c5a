/** Streams with the unmodified official client, in both of its builds, read as PROTOCOL.md says. */

import type { PublicationContext, Subscription } from 'centrifuge';
import { channel, fanfare } from 'fanfare';
import { afterAll, describe, expect, test } from 'vitest';
import { nextEvent } from '../support/centrifuge/awaiting.js';
import { quickSdk, type SdkBuild, sdkBuilds } from '../support/centrifuge/sdk-builds.js';
import { FaultProxy } from '../support/network/fault-proxy.js';

const app = fanfare({
  anonymous: true,
  channels: {
    'chat:{id}': channel({ subscribe: 'anyone', streams: { every: '20ms', cancel: 'anyone' } }),
    'steps:{id}': channel({ subscribe: 'anyone', streams: { of: 'items', every: '20ms' } }),
  },
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
const { port } = await app.listen(0);
const proxy = await FaultProxy.start({ port });
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await app.close(0);
});

interface Part {
  readonly s: number;
  readonly i?: string;
  readonly n?: number;
  readonly t?: string;
  readonly d?: readonly unknown[];
  readonly e?: string;
  readonly r?: unknown;
}

/** The few lines of PROTOCOL.md. */
function reading(subscription: Subscription, { value }: SdkBuild) {
  const streams = new Map<number, { id: string; text: string; state: string }>();
  subscription.on('publication', ({ data }: PublicationContext) => {
    const { s, i, n = 0, t = '', e } = value(data) as Part;
    const stream = i === undefined ? streams.get(s) : { id: i, text: '', state: 'open' };
    if (stream === undefined) return;
    streams.set(s, stream);
    if (n + t.length > stream.text.length) stream.text = stream.text.slice(0, n) + t;
    stream.state = e ?? stream.state;
  });
  return (id: string) => [...streams.values()].find((stream) => stream.id === id);
}

const eventually = (check: () => unknown) => expect.poll(check, { timeout: 20_000, interval: 5 });
const tokens = Array.from({ length: 300 }, (_, n) => `${n}é"\n`);

describe.each(Object.entries(sdkBuilds))('%s', (codec, build) => {
  test('G3: live, after a cut and for a newcomer it is the same text', async () => {
    const name = `chat:${codec}` as const;
    const client = quickSdk(build, proxy.port);
    const subscription = client.newSubscription(name);
    const streamOf = reading(subscription, build);
    subscription.subscribe();
    await subscription.ready(20_000);
    const answer = await app.open(name, { id: 'one', meta: { model: 'small' } });
    for (const [n, token] of tokens.entries()) {
      await answer.append(token);
      if (n !== 100) continue;
      await eventually(() => streamOf('one')?.text.length).toBeGreaterThan(0);
      const back = nextEvent(subscription, 'subscribed');
      proxy.reset();
      const { wasRecovering, recovered } = await back;
      expect([wasRecovering, recovered]).toEqual([true, true]);
    }
    await answer.close({ tokens: tokens.length });
    const whole = tokens.join('');
    await eventually(() => streamOf('one')).toMatchObject({ text: whole, state: 'closed' });
    const other = quickSdk(build, proxy.port).newSubscription(name);
    const otherStreamOf = reading(other, build);
    other.subscribe();
    await eventually(() => otherStreamOf('one')).toMatchObject({ text: whole, state: 'closed' });
  });

  test('items, and the history of the channel, in which each stream is one entry', async () => {
    const name = `steps:${codec}` as const;
    const client = quickSdk(build, proxy.port);
    const subscription = client.newSubscription(name);
    subscription.subscribe();
    await subscription.ready(20_000);
    const answer = await app.open(name, { id: 'steps' });
    await answer.append({ step: 1 }, { step: 2 });
    await answer.append('three');
    await answer.fail({ why: 'tired' });
    const { publications } = await subscription.history({ limit: 10 });
    expect(publications.map(({ data }) => build.value(data))).toEqual([
      { s: 1, i: 'steps', d: [{ step: 1 }, { step: 2 }, 'three'], e: 'failed', r: { why: 'tired' } },
    ]);
  });

  test('a reader cancels over the procedure', async () => {
    const name = `chat:cancel ${codec}` as const;
    const answer = await app.open(name, { id: 'two' });
    const call = { op: 'cancel', channel: name, id: 'two' };
    const data = codec === 'JSON' ? call : Buffer.from(JSON.stringify(call));
    const stopped = new Promise((resolve) => answer.signal.addEventListener('abort', resolve));
    await quickSdk(build, proxy.port).rpc('fanfare.stream', data);
    await stopped;
    expect(answer.signal.reason).toMatchObject({ code: 'ERR_STREAM_CANCELLED' });
    await answer.close();
  });
});
