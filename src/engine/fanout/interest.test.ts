/** The channels that a node subscribes to at the broker, with few calls. */

import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import type { ChannelName } from '../../model/channel-name.js';
import { silentLogger } from '../ports/logger.js';
import { Interest } from './interest.js';

const lingerMs = 1_000;
const channel = channelName('chat:lobby');

/** Keeps its calls pending until the test ends them. */
class SlowBroker {
  readonly calls: string[] = [];
  readonly subscribed = new Set<ChannelName>();
  readonly #open: { resolve(): void; reject(error: Error): void }[] = [];

  subscribe(name: ChannelName): Promise<void> {
    this.calls.push('subscribe');
    return this.#call(() => this.subscribed.add(name));
  }

  unsubscribe(name: ChannelName): Promise<void> {
    this.calls.push('unsubscribe');
    return this.#call(() => this.subscribed.delete(name));
  }

  get numOpen(): number {
    return this.#open.length;
  }

  answer(error?: Error): void {
    const call = this.#open.shift();
    if (call === undefined) throw new Error('no call is open');
    if (error === undefined) call.resolve();
    else call.reject(error);
  }

  #call(effect: () => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const done = () => {
        effect();
        resolve();
      };
      this.#open.push({ resolve: done, reject });
    });
  }
}

function setup() {
  const clock = new FakeClock();
  const broker = new SlowBroker();
  return { clock, broker, interest: new Interest(broker, clock, silentLogger, { brokerLingerMs: lingerMs }) };
}

async function held() {
  const world = setup();
  const ready = world.interest.hold(channel);
  await world.clock.settle();
  world.broker.answer();
  await ready;
  return world;
}

describe('interest', () => {
  test('subscribes once for any number of holders, who all wait for the broker', async () => {
    const { clock, broker, interest } = setup();
    const settled: number[] = [];
    const all = [1, 2, 3].map((holder) => interest.hold(channel).then(() => settled.push(holder)));
    await clock.settle();
    expect([broker.calls, settled]).toEqual([['subscribe'], []]);
    broker.answer();
    await Promise.all(all);
    expect(settled).toEqual([1, 2, 3]);
  });

  test('unsubscribes when nobody has wanted the channel for the linger time', async () => {
    const { clock, broker, interest } = await held();
    interest.release(channel);
    await clock.advance(lingerMs - 1);
    expect(broker.calls).toEqual(['subscribe']);
    await clock.advance(1);
    expect(broker.calls).toEqual(['subscribe', 'unsubscribe']);
    broker.answer();
    await clock.settle();
    expect([interest.size, clock.numTimers, broker.subscribed.size]).toEqual([0, 0, 0]);
  });

  test('B54: a flood of comings and goings costs the broker nothing', async () => {
    const { clock, broker, interest } = await held();
    for (let i = 0; i < 1_000; i++) {
      interest.release(channel);
      await interest.hold(channel);
    }
    await clock.advance(10 * lingerMs);
    expect(broker.calls).toEqual(['subscribe']);
  });

  test('never has two calls for one channel open', async () => {
    const { clock, broker, interest } = await held();
    interest.release(channel);
    await clock.advance(lingerMs);
    const again = interest.hold(channel);
    await clock.settle();
    expect([broker.calls.length, broker.numOpen]).toEqual([2, 1]);
    broker.answer();
    await clock.settle();
    expect(broker.calls).toEqual(['subscribe', 'unsubscribe', 'subscribe']);
    broker.answer();
    await again;
    expect([interest.size, broker.subscribed.size]).toEqual([1, 1]);
  });

  // Once, the entry was dropped when the unsubscribe ended, the subscribe after it was still sent, and never undone.
  test('a channel held and released while the broker unsubscribes it does not stay subscribed for ever', async () => {
    const { clock, broker, interest } = await held();
    interest.release(channel);
    await clock.advance(lingerMs);
    const again = interest.hold(channel);
    interest.release(channel);
    broker.answer();
    await clock.settle();
    broker.answer();
    await again;
    await clock.advance(lingerMs);
    broker.answer();
    await clock.settle();
    expect([interest.size, broker.subscribed.size, clock.numTimers]).toEqual([0, 0, 0]);
    expect(broker.calls).toEqual(['subscribe', 'unsubscribe', 'subscribe', 'unsubscribe']);
  });

  test('a failed subscription is told to those who wait for it, and the next holder tries again', async () => {
    const { clock, broker, interest } = setup();
    const failing = [interest.hold(channel), interest.hold(channel)];
    const outcomes = Promise.allSettled(failing);
    await clock.settle();
    broker.answer(new Error('away'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    interest.release(channel);
    interest.release(channel);
    const again = interest.hold(channel);
    await clock.settle();
    broker.answer();
    await again;
    expect(broker.subscribed).toEqual(new Set([channel]));
  });

  test('a channel whose subscription failed is forgotten without a call', async () => {
    const { clock, broker, interest } = setup();
    const failing = interest.hold(channel).catch((error: unknown) => error);
    await clock.settle();
    broker.answer(new Error('away'));
    await failing;
    interest.release(channel);
    await clock.advance(lingerMs);
    expect([broker.calls, interest.size]).toEqual([['subscribe'], 0]);
  });

  test('a failed unsubscription is logged and forgotten', async () => {
    const warnings: string[] = [];
    const clock = new FakeClock();
    const broker = new SlowBroker();
    const log = { ...silentLogger, warn: (_: object, message: string) => warnings.push(message) };
    const interest = new Interest(broker, clock, log, { brokerLingerMs: lingerMs });
    const ready = interest.hold(channel);
    await clock.settle();
    broker.answer();
    await ready;
    interest.release(channel);
    await clock.advance(lingerMs);
    broker.answer(new Error('away'));
    await clock.settle();
    expect([warnings.length, interest.size]).toEqual([1, 0]);
  });

  test('keeps channels apart', async () => {
    const { clock, broker, interest } = await held();
    const other = interest.hold(channelName('chat:other'));
    await clock.settle();
    broker.answer();
    await other;
    interest.release(channel);
    await clock.advance(lingerMs);
    broker.answer();
    await clock.settle();
    expect(broker.subscribed).toEqual(new Set([channelName('chat:other')]));
  });

  test('forgets everything when closed; a release that comes later does no harm', async () => {
    const { clock, interest } = await held();
    interest.release(channel);
    interest.close();
    interest.release(channel);
    expect([interest.size, clock.numTimers]).toEqual([0, 0]);
  });
});
