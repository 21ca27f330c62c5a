/** One channel's fan-out: order, holes, batches and who gets what. */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { plainEncoding, RecordedConnection } from '../../../test/support/engine/recorded-connection.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Publication } from '../../model/publication.js';
import { channel } from '../channels/channel-options.js';
import { ChannelRules } from '../channels/rules.js';
import { Counters } from '../ports/counters.js';
import { Turn } from '../time/turn.js';
import { HubChannel } from './hub-channel.js';
import { Outbox } from './outbox.js';
import { maxBufferedPublications, Subscription, type SubscriptionOwner } from './subscription.js';
import { Variants } from './variant.js';

const name = channelName('room:1');
const epoch = 'e1';
const encoding = plainEncoding();
const rules = new ChannelRules({ 'room:{id}': channel() }, { name: 'none' }, { maxMessageBytes: 1_000 });
const match = rules.match(name);

function publication(offset: number, data = `${offset}`): Publication {
  return { offset, data: trustedJsonText(data) };
}

/** A session with one subscription. Losing its state takes it out of the channel, as a session does. */
class Subscriber implements SubscriptionOwner {
  readonly connection = new RecordedConnection(encoding);
  readonly outbox: Outbox;
  readonly subscription: Subscription;
  readonly clientInfo = { user: 'u', client: 'c' };
  readonly presenceTtlMs = 60_000;
  numLosses = 0;
  numSlow = 0;

  constructor(
    private readonly world: World,
    joinLeave: boolean,
  ) {
    if (match === undefined) throw new Error('no rule');
    this.outbox = new Outbox(this.connection, this, { ...world, limits: { maxQueueBytes: 1_000_000 } });
    this.subscription = new Subscription(this, name, match, { joinLeave, serverSide: false });
    this.subscription.stage = 'joining';
    world.channel.addJoining(this.subscription);
  }

  onSlow(): void {
    this.numSlow++;
  }

  loseState(): void {
    this.numLosses++;
    this.world.channel.remove(this.subscription);
  }

  subscriptionExpired(): void {}

  ruleChanged(): void {}

  currentSubscription(): Subscription {
    return this.subscription;
  }

  /** Offsets of what is kept while it joins. */
  get buffered(): number[] {
    return (this.subscription.buffer ?? []).map(({ publication: { offset } }) => offset);
  }

  /** Each frame as the offsets of its publications, `+` for a join, `-` for a leave. */
  get frames(): (number | '+' | '-')[][] {
    return this.connection.texts.map((text) =>
      text.split('\n').map((line) => {
        const { push } = JSON.parse(line);
        return push.join ? '+' : push.leave ? '-' : (push.pub.offset ?? 0);
      }),
    );
  }
}

class World {
  readonly clock = new FakeClock();
  readonly turn = new Turn(this.clock);
  readonly counters = new Counters();
  readonly variants = new Variants();
  readonly channel = new HubChannel(name, this.turn, this.counters);

  joining(joinLeave = false): Subscriber {
    return new Subscriber(this, joinLeave);
  }

  live(at = 0, joinLeave = false): Subscriber {
    const subscriber = this.joining(joinLeave);
    this.channel.promote(subscriber.subscription, { offset: at, epoch });
    return subscriber;
  }

  deliver(...offsets: number[]): void {
    for (const offset of offsets) this.channel.deliver(publication(offset), epoch);
  }

  announce(kind: 'join' | 'leave'): void {
    this.channel.announce({ kind, channel: name, info: { user: 'v', client: 'd' } });
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('fan-out', () => {
  test('D5: publications of one turn leave in one frame, whose bytes all subscribers share', () => {
    const [a, b] = [world.live(), world.live()];
    world.deliver(1, 2, 3);
    expect(a.frames).toEqual([]);
    world.clock.endTurn();
    expect(a.frames).toEqual([[1, 2, 3]]);
    expect(b.connection.frames[0]).toBe(a.connection.frames[0]);
    expect(world.counters.publicationsOut).toBe(6);
  });

  test('a batch that grows past 64 KiB is written before the end of the turn', () => {
    const a = world.live();
    for (let offset = 1; offset <= 5; offset++) {
      world.channel.deliver(publication(offset, JSON.stringify('x'.repeat(30_000))), epoch);
    }
    expect(a.frames).toEqual([[1, 2, 3]]);
    world.clock.endTurn();
    expect(a.frames).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test('joins and leaves go to those who asked for them, publications to all, in one order', () => {
    const [curious, plain] = [world.live(0, true), world.live()];
    world.deliver(1);
    world.announce('join');
    world.deliver(2);
    world.announce('leave');
    world.clock.endTurn();
    expect(curious.frames).toEqual([[1, '+', 2, '-']]);
    expect(plain.frames).toEqual([[1, 2]]);
  });

  test('who changes their mind hears of joins and leaves from then on, and misses and repeats nothing', () => {
    const [mind, other] = [world.live(), world.live()];
    world.deliver(1);
    world.announce('join');
    mind.subscription.askJoinLeave(true);
    world.deliver(2);
    world.announce('leave');
    mind.subscription.askJoinLeave(false);
    world.announce('join');
    world.deliver(3);
    world.clock.endTurn();
    expect(mind.frames.flat()).toEqual([1, 2, '-', 3]);
    expect(other.frames.flat()).toEqual([1, 2, 3]);
    expect(world.channel.numSubscribers).toBe(2);
  });

  test('a turn of joins alone writes nothing to those who did not ask', () => {
    const [curious, plain] = [world.live(0, true), world.live()];
    world.announce('join');
    world.clock.endTurn();
    expect([curious.frames, plain.frames]).toEqual([[['+']], []]);
    world.deliver(1);
    world.clock.endTurn();
    expect(plain.frames).toEqual([[1]]);
  });

  test('nothing is encoded for a channel without live subscribers', () => {
    world.joining();
    world.deliver(1);
    world.announce('join');
    world.clock.endTurn();
    expect(world.counters.publicationsOut).toBe(0);
  });

  test('publications without a place in a stream are delivered as they come', () => {
    const subscriber = world.joining();
    world.channel.promote(subscriber.subscription, undefined);
    world.channel.deliver(publication(0), '');
    world.channel.deliver(publication(0), '');
    world.clock.endTurn();
    expect(subscriber.frames).toEqual([[0, 0]]);
    expect(world.channel.position).toBeUndefined();
  });

  test('one that is not kept is delivered in a channel with a stream and does not move its place', () => {
    const subscriber = world.live(4);
    world.channel.deliver(publication(0), '');
    world.deliver(5);
    world.clock.endTurn();
    expect(subscriber.frames).toEqual([[0, 5]]);
    expect([subscriber.numLosses, world.channel.position]).toEqual([0, { offset: 5, epoch }]);
  });
});

describe('the place in the stream', () => {
  test('F19 G3: what was delivered already is dropped', () => {
    const subscriber = world.live(2);
    world.deliver(1, 2, 3, 3, 2, 4);
    world.clock.endTurn();
    expect(subscriber.frames).toEqual([[3, 4]]);
  });

  test('G2: a hole is told to every subscriber, after what came before it, and nothing behind it is delivered', () => {
    const all = [world.live(), world.live(), world.live()];
    world.deliver(1, 3);
    world.clock.endTurn();
    for (const subscriber of all) {
      expect([subscriber.numLosses, subscriber.frames]).toEqual([1, [[1]]]);
    }
    expect(world.channel.isEmpty).toBe(true);
    expect(world.channel.position).toEqual({ offset: 3, epoch });
  });

  test('G5: another epoch is told to every subscriber', () => {
    const subscriber = world.live(5);
    world.channel.deliver(publication(6), 'e2');
    world.clock.endTurn();
    expect([subscriber.numLosses, subscriber.frames]).toEqual([1, []]);
    expect(world.channel.position).toEqual({ offset: 6, epoch: 'e2' });
  });

  test('G5: a subscriber that comes with another epoch shows that those before it have lost theirs', () => {
    const old = world.live(5);
    const fresh = world.joining();
    world.channel.promote(fresh.subscription, { offset: 1, epoch: 'e2' });
    expect([old.numLosses, fresh.numLosses, fresh.subscription.stage]).toEqual([1, 0, 'live']);
    expect(world.channel.position).toEqual({ offset: 1, epoch: 'e2' });
  });

  test('losing the state by hand ends everyone and forgets the place', () => {
    const [live, ahead] = [world.live(5), world.joining()];
    world.channel.promote(ahead.subscription, { offset: 9, epoch });
    world.channel.loseState();
    expect([live.numLosses, ahead.numLosses, world.channel.position]).toEqual([1, 1, undefined]);
    expect(world.channel.isEmpty).toBe(true);
  });
});

describe('a subscriber that joins', () => {
  test('gets publications into its buffer, not to its socket', () => {
    const subscriber = world.joining();
    world.deliver(1, 2);
    world.clock.endTurn();
    expect(subscriber.subscription.buffer?.map((kept) => kept.publication.offset)).toEqual([1, 2]);
    expect(subscriber.frames).toEqual([]);
  });

  // They have no place in the stream, so history never caught up with them and subscribing failed with error 100; more
  // than a buffer of them in a channel without a stream kept the process busy for ever.
  test('buffers nothing that has no offset', () => {
    const subscriber = world.joining();
    for (let i = 0; i < maxBufferedPublications + 2; i++) world.channel.deliver(publication(0), '');
    expect([subscriber.buffered, subscriber.subscription.overflowed]).toEqual([[], false]);
  });

  test('G3: gets nothing of the batch that it has already from history', () => {
    const early = world.live();
    const late = world.joining();
    world.deliver(1, 2);
    world.channel.promote(late.subscription, { offset: 2, epoch });
    world.deliver(3);
    world.clock.endTurn();
    expect(early.frames).toEqual([[1, 2], [3]]);
    expect(late.frames).toEqual([[3]]);
  });

  test('G3: waits when history was ahead of the live stream, and goes live where that has caught up', () => {
    const live = world.live();
    const ahead = world.joining();
    world.channel.promote(ahead.subscription, { offset: 2, epoch });
    expect(ahead.subscription.stage).toBe('ahead');
    world.deliver(1);
    expect(ahead.subscription.stage).toBe('ahead');
    world.deliver(2);
    expect(ahead.subscription.stage).toBe('live');
    world.deliver(3);
    world.clock.endTurn();
    expect(live.frames.flat()).toEqual([1, 2, 3]);
    expect(ahead.frames).toEqual([[3]]);
  });

  test('G2: is told when the live stream jumps over the place where it waits', () => {
    world.live();
    const ahead = world.joining();
    world.channel.promote(ahead.subscription, { offset: 2, epoch });
    world.deliver(1, 5);
    expect(ahead.numLosses).toBe(1);
    expect(world.channel.isEmpty).toBe(true);
  });
});

describe('a subscriber that leaves', () => {
  test('still gets what was published before', () => {
    const [leaving, staying] = [world.live(), world.live()];
    world.deliver(1);
    world.channel.remove(leaving.subscription);
    world.deliver(2);
    world.clock.endTurn();
    expect([leaving.frames, staying.frames]).toEqual([[[1]], [[1], [2]]]);
    expect([leaving.subscription.stage, world.channel.numSubscribers]).toEqual(['ended', 1]);
  });

  test('while joining leaves no buffer behind', () => {
    const subscriber = world.joining();
    world.deliver(1);
    world.channel.remove(subscriber.subscription);
    expect([subscriber.buffered, world.channel.isEmpty]).toEqual([[], true]);
  });

  test('F20: in any order of comings, goings and changes of what is heard, exactly those who are there get each publication', () => {
    const step = fc.oneof(
      fc.constant('join' as const),
      fc.constant('publish' as const),
      fc.record({ leave: fc.nat({ max: 20 }) }),
      fc.record({ change: fc.nat({ max: 20 }), joinLeave: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const run = new World();
        const present: { subscriber: Subscriber; expected: number[] }[] = [];
        const gone: typeof present = [];
        let offset = 0;
        for (const next of steps) {
          if (next === 'join') present.push({ subscriber: run.live(offset), expected: [] });
          else if (next === 'publish') {
            offset++;
            // Nobody there: the hub would have dropped the channel and begun anew at the top of the history.
            if (present.length === 0) {
              run.channel.position = { offset, epoch };
              continue;
            }
            run.deliver(offset);
            for (const { expected } of present) expected.push(offset);
          } else if ('change' in next) {
            present[next.change]?.subscriber.subscription.askJoinLeave(next.joinLeave);
          } else {
            const [leaving] = present.splice(next.leave, 1);
            if (leaving === undefined) continue;
            run.channel.remove(leaving.subscriber.subscription);
            gone.push(leaving);
          }
          if (present.length === 0) run.channel.position = { offset, epoch };
        }
        run.clock.endTurn();
        for (const { subscriber, expected } of [...present, ...gone]) {
          expect(subscriber.frames.flat()).toEqual(expected);
          expect(subscriber.numLosses).toBe(0);
        }
        for (const { subscriber } of [...present]) run.channel.remove(subscriber.subscription);
        expect(run.channel.isEmpty).toBe(true);
      }),
    );
  });
});

test('G12: in mid fan-out, a slow subscriber that leaves at once costs nobody a publication', () => {
  const all = Array.from({ length: 7 }, () => world.live());
  for (const subscriber of all.slice(2, 4)) {
    subscriber.connection.bufferedBytes = 1_000_000;
    subscriber.onSlow = () => world.channel.remove(subscriber.subscription);
  }
  world.deliver(1);
  world.clock.endTurn();
  world.deliver(2);
  world.clock.endTurn();
  for (const [index, { frames }] of all.entries()) {
    expect(frames).toEqual(index === 2 || index === 3 ? [] : [[1], [2]]);
  }
});
