/** One channel's fan-out: order, gaps, batches, and which subscriber gets what. */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { plainEncoding, RecordedConnection } from '../../../test/support/engine/recorded-connection.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Publication } from '../../model/publication.js';
import { type ChannelOptions, channel } from '../channels/channel-options.js';
import { ChannelRules } from '../channels/rules.js';
import type { TagFilter } from '../filters/tag-filter.js';
import { TagFilters } from '../filters/tag-filters.js';
import { Counters } from '../ports/counters.js';
import { Histogram } from '../ports/histogram.js';
import type { RuleCounts } from '../ports/rule-counts.js';
import { DeliverySamples } from '../time/delivery-samples.js';
import { Turn } from '../time/turn.js';
import { Beats } from './beats.js';
import { ChannelIds } from './channel-ids.js';
import { HubChannel } from './hub-channel.js';
import { MessageSamples } from './message-samples.js';
import { Outbox } from './outbox.js';
import { SlowReaders } from './slow/slow-readers.js';
import { maxBufferedPublications, Subscription, type SubscriptionOwner } from './subscription.js';
import { Variants } from './variant.js';

const name = channelName('room:1');
const epoch = 'e1';
const encoding = plainEncoding();
const rulesOf = (options?: ChannelOptions) =>
  new ChannelRules({ 'room:{id}': channel(options) }, { name: 'none' }, { maxMessageBytes: 1_000 });
const rule = rulesOf().match(name);
const batchMs = 20;

const filters = new TagFilters();
const onlyEven = filters.of({ op: 'test', cmp: 'eq', key: 'parity', val: 'even' });

function publication(offset: number, data = `${offset}`): Publication {
  return { offset, data: trustedJsonText(data) };
}

/** A session with one subscription. Losing its state removes it from the channel, as in a real session. */
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
    private readonly filter?: TagFilter,
  ) {
    this.outbox = new Outbox(this.connection, this, { ...world, limits: { maxQueueBytes: 1_000_000 } });
    this.subscription = this.subscribed(joinLeave);
    world.channel.addJoining(this.subscription);
  }

  /** Another subscription of the same connection. */
  subscribed(joinLeave = false): Subscription {
    if (rule === undefined) throw new Error('no rule');
    return new Subscription(this, name, rule, { joinLeave, serverSide: false, filter: this.filter });
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

  /** Offsets of the publications buffered while it joins. */
  get buffered(): number[] {
    const { stage } = this.subscription;
    return stage.name === 'joining' ? stage.buffer.map(({ publication: { offset } }) => offset) : [];
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
  readonly measured = new Set([name]);
  readonly samples = new DeliverySamples({
    clock: this.clock,
    hasSubscribers: (of) => this.measured.has(of),
  });
  readonly messageSamples = new MessageSamples(this.clock);
  readonly tracer = undefined;
  readonly channelIds = new ChannelIds();
  readonly beats = new Beats(this.clock);
  readonly slowReaders = new SlowReaders({ clock: this.clock, broker: {}, limits: { maxQueueBytes: 1_000_000 } });
  readonly channel = new HubChannel(name, this);

  joining(joinLeave = false, filter?: TagFilter): Subscriber {
    return new Subscriber(this, joinLeave, filter);
  }

  live(at = 0, joinLeave = false, filter?: TagFilter): Subscriber {
    const subscriber = this.joining(joinLeave, filter);
    this.channel.promote(subscriber.subscription, { offset: at, epoch });
    return subscriber;
  }

  deliver(...offsets: number[]): void {
    for (const offset of offsets) this.channel.deliver(publication(offset), epoch);
  }

  /** Publications with the parity of their offset as tag. */
  deliverTagged(...offsets: number[]): void {
    for (const offset of offsets) {
      const tags = { parity: offset % 2 === 0 ? 'even' : 'odd' };
      this.channel.deliver({ ...publication(offset), tags }, epoch);
    }
  }

  /** Gives the channel a rule with a batch. */
  gathering(): this {
    this.channel.match(rulesOf({ batch: `${batchMs}ms` }));
    return this;
  }

  /** Makes the turn take this long. */
  work(ms: number): void {
    this.turn.addOutbox({ flush: () => this.clock.work(ms) });
    this.clock.endTurn();
  }

  announce(kind: 'join' | 'leave'): void {
    this.channel.announce({ kind, channel: name, info: { user: 'v', client: 'd' } });
  }
}

let world: World;
beforeEach(() => (world = new World()));

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

  test('batches are counted by their size, and publications by the rule of the channel', () => {
    world.live();
    world.deliver(1, 2, 3);
    world.clock.endTurn();
    world.announce('join');
    world.clock.endTurn();
    expect([world.counters.batches.count, world.counters.batches.sum]).toEqual([1, 3]);
    expect(world.counters.noRule.publicationsOut).toBe(3);
    const rules = rulesOf();
    world.channel.match(rules);
    world.deliver(4);
    world.clock.endTurn();
    expect([...rules].map(({ counts }) => counts.publicationsOut)).toEqual([1]);
    expect([world.counters.noRule.publicationsOut, world.counters.publicationsOut]).toEqual([3, 4]);
  });

  test('it counts with its subscribers at its rule, and moves there with all of them', () => {
    const world = new World();
    const usage = ({ channels, subscriptions }: RuleCounts) => [channels, subscriptions];
    const [one, other] = [world.live(), world.joining()];
    expect(usage(world.counters.noRule)).toEqual([1, 2]);
    const rules = rulesOf();
    world.channel.match(rules);
    const counts = world.channel.match(rules)?.counts ?? world.counters.noRule;
    expect([usage(world.counters.noRule), usage(counts)]).toEqual([
      [0, 0],
      [1, 2],
    ]);
    world.channel.remove(one.subscription);
    expect(usage(counts)).toEqual([1, 1]);
    world.channel.remove(other.subscription);
    expect(usage(counts)).toEqual([0, 0]);
  });

  test.each([
    ['at the end of the turn', '"x"', 5],
    ['when its batch is full', JSON.stringify('x'.repeat(70_000)), 5],
  ])('a message that is measured counts as delivered when it is written: %s', (_, data, ms) => {
    world.live();
    const [delivery, acknowledgement] = [new Histogram([1]), new Histogram([1])];
    const message = publication(1, data);
    world.samples.begin(name, message.data, delivery, acknowledgement);
    world.channel.deliver(message, epoch);
    expect(delivery.count).toBe(0);
    world.work(ms);
    expect([delivery.count, delivery.sum]).toEqual([1, ms / 1_000]);
    world.deliver(2);
    world.clock.endTurn();
    expect(delivery.count).toBe(1);
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

  test('D5: pushes of several channels to one connection leave in one frame, and those of one place share its bytes', () => {
    const other = new HubChannel(name, world);
    const [a, b, c] = [world.live(), world.live(), world.live()];
    for (const subscriber of [a, b]) {
      const subscription = subscriber.subscribed();
      other.addJoining(subscription);
      other.promote(subscription, undefined);
    }
    world.deliver(1, 2);
    other.deliver(publication(0), '');
    world.clock.endTurn();
    expect([a.frames, b.frames, c.frames]).toEqual([[[1, 2, 0]], [[1, 2, 0]], [[1, 2]]]);
    expect(b.connection.frames[0]).toBe(a.connection.frames[0]);
  });

  test('joins and leaves that nobody is told of cost nothing', () => {
    const plain = world.live();
    world.announce('join');
    const curious = world.live(0, true);
    world.clock.endTurn();
    world.announce('leave');
    world.channel.remove(curious.subscription);
    world.announce('leave');
    world.clock.endTurn();
    expect([plain.frames, curious.frames]).toEqual([[], [['-']]]);
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

describe('a filter', () => {
  const figures = () => [world.counters.publicationsOut, world.counters.noRule.publicationsFiltered];

  test('holds back what does not pass, without a gap for who has it and for nobody else', () => {
    const [some, all] = [world.live(0, false, onlyEven), world.live()];
    world.deliverTagged(1, 2, 3, 4);
    world.clock.endTurn();
    world.deliverTagged(5);
    world.clock.endTurn();
    world.deliverTagged(6);
    world.clock.endTurn();
    expect(some.frames).toEqual([[2, 4], [6]]);
    expect(all.frames).toEqual([[1, 2, 3, 4], [5], [6]]);
    expect(some.connection.frames[1]).toBe(all.connection.frames[2]);
    expect([some.numLosses, all.numLosses]).toEqual([0, 0]);
    expect(figures()).toEqual([9, 3]);
  });

  test('holds back no joins and leaves, and stays when who has it asks for them', () => {
    const some = world.live(0, false, onlyEven);
    world.deliverTagged(1, 2);
    some.subscription.askJoinLeave(true);
    world.deliverTagged(3);
    world.announce('join');
    world.deliverTagged(4);
    world.clock.endTurn();
    expect(some.frames.flat()).toEqual([2, '+', 4]);
    expect(figures()).toEqual([2, 2]);
  });

  test('applies to who comes or goes in the middle of a turn, and each publication counts once', () => {
    const [stays, goes] = [world.live(0, false, onlyEven), world.live(0, false, onlyEven)];
    world.deliverTagged(1, 2);
    const comes = world.live(2, false, onlyEven);
    world.channel.remove(goes.subscription);
    world.deliverTagged(3, 4);
    world.clock.endTurn();
    expect([stays.frames.flat(), goes.frames.flat(), comes.frames.flat()]).toEqual([[2, 4], [2], [4]]);
    expect(figures()).toEqual([4, 4]);
  });

  test('lets the position of the channel go on, so that a gap is found whether it would have passed or not', () => {
    const some = world.live(0, false, onlyEven);
    world.deliverTagged(1, 3);
    world.clock.endTurn();
    expect([some.frames, some.numLosses]).toEqual([[], 1]);
  });
});

describe('a channel that may gather', () => {
  beforeEach(() => world.gathering());

  test('has everything leave with its turn while the loop is idle', () => {
    const subscriber = world.live();
    world.deliver(1, 2);
    world.clock.endTurn();
    world.deliver(3);
    world.clock.endTurn();
    expect(subscriber.frames).toEqual([[1, 2], [3]]);
  });

  test('has what comes in several turns leave in one frame after one that was at work', async () => {
    const [a, b] = [world.live(), world.live()];
    world.work(6);
    for (const offset of [1, 2, 3]) {
      world.deliver(offset);
      await world.clock.advance(1);
    }
    expect(a.frames).toEqual([]);
    await world.clock.advance(3);
    expect(a.frames).toEqual([[1, 2, 3]]);
    expect(b.connection.frames[0]).toBe(a.connection.frames[0]);
  });

  test('waits for further joins and leaves, if the rule has no batch, but no publication waits for them', async () => {
    const plain = new World();
    const subscriber = plain.live(0, true);
    plain.work(6);
    for (const kind of ['join', 'join', 'leave'] as const) {
      plain.announce(kind);
      await plain.clock.advance(1);
    }
    expect(subscriber.frames).toEqual([]);
    plain.deliver(1);
    plain.clock.endTurn();
    expect(subscriber.frames).toEqual([['+', '+', '-', 1]]);
    plain.announce('join');
    await plain.clock.advance(6);
    expect(subscriber.frames.slice(1)).toEqual([['+']]);
  });

  test('lets who joins have what comes afterwards, and who leaves what came before', async () => {
    const leaving = world.live();
    world.work(6);
    world.deliver(1);
    await world.clock.advance(1);
    const late = world.live(1);
    world.channel.remove(leaving.subscription);
    world.deliver(2);
    await world.clock.advance(batchMs);
    expect([leaving.frames, late.frames]).toEqual([[[1]], [[2]]]);
  });

  test('is written at once when it has gathered 64 KiB', () => {
    const subscriber = world.live();
    world.work(6);
    for (let offset = 1; offset <= 3; offset++) {
      world.channel.deliver(publication(offset, JSON.stringify('x'.repeat(30_000))), epoch);
    }
    expect(subscriber.frames).toEqual([[1, 2, 3]]);
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
    for (const subscriber of all) expect([subscriber.numLosses, subscriber.frames]).toEqual([1, [[1]]]);
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
    expect([old.numLosses, fresh.numLosses, fresh.subscription.stage.name]).toEqual([1, 0, 'live']);
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
    expect(subscriber.buffered).toEqual([1, 2]);
    expect(subscriber.frames).toEqual([]);
  });

  // They have no position, so history never caught up with them and subscribing failed with error 100; in a channel
  // without a stream, more of them than the buffer holds kept the process busy forever.
  test('buffers nothing that has no offset', () => {
    const subscriber = world.joining();
    for (let i = 0; i < maxBufferedPublications + 2; i++) world.channel.deliver(publication(0), '');
    expect(subscriber.subscription.stage).toEqual({ name: 'joining', buffer: [], hasOverflowed: false });
  });

  test('G3: gets nothing of the batch that it has already from history', () => {
    const early = world.live();
    const late = world.joining();
    world.deliver(1, 2);
    world.channel.promote(late.subscription, { offset: 2, epoch });
    world.deliver(3);
    world.clock.endTurn();
    expect(early.frames).toEqual([[1, 2, 3]]);
    expect(late.frames).toEqual([[3]]);
  });

  test('G3: waits when history was ahead of the live stream, and goes live where that has caught up', () => {
    const live = world.live();
    const ahead = world.joining();
    world.channel.promote(ahead.subscription, { offset: 2, epoch });
    expect(ahead.subscription.stage.name).toBe('ahead');
    world.deliver(1);
    expect(ahead.subscription.stage.name).toBe('ahead');
    world.deliver(2);
    expect(ahead.subscription.stage.name).toBe('live');
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
    expect([leaving.frames, staying.frames]).toEqual([[[1]], [[1, 2]]]);
    expect([leaving.subscription.stage.name, world.channel.numSubscribers]).toEqual(['ended', 1]);
  });

  test('D5: those who come and go in one turn cost the others one write, and get what is theirs', () => {
    const staying = world.live(0, true);
    const leaving = world.live(0, true);
    world.deliver(1);
    const first = world.live(1, true);
    world.announce('join');
    const second = world.live(1, true);
    world.announce('join');
    world.deliver(2);
    world.channel.remove(leaving.subscription);
    world.channel.remove(first.subscription);
    world.announce('leave');
    world.clock.endTurn();
    expect(staying.frames).toEqual([[1, '+', '+', 2, '-']]);
    expect(leaving.frames).toEqual([[1, '+', '+', 2]]);
    expect(first.frames).toEqual([['+', '+', 2]]);
    expect(second.frames).toEqual([['+', 2, '-']]);
    expect(world.counters.publicationsOut).toBe(2 + 2 + 1 + 1);
  });

  test('who is gone gets nothing, and nothing is encoded for it', () => {
    const [leaving, staying] = [world.live(), world.live()];
    world.deliver(1);
    leaving.outbox.close();
    world.channel.remove(leaving.subscription);
    world.clock.endTurn();
    expect([leaving.frames, staying.frames, world.counters.publicationsOut]).toEqual([[], [[1]], 1]);
  });

  test('who is closed gets what came before, now, and nothing twice', () => {
    const [closed, other] = [world.live(), world.live()];
    world.deliver(1);
    closed.subscription.settle();
    closed.outbox.flush();
    expect([closed.frames, other.frames]).toEqual([[[1]], []]);
    world.deliver(2);
    world.clock.endTurn();
    expect([closed.frames, other.frames]).toEqual([[[1], [2]], [[1, 2]]]);
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
      fc.record({ settle: fc.nat({ max: 20 }) }),
      fc.record({ work: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ pass: fc.integer({ min: 1, max: 30 }) }),
    );
    return fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, gathers) => {
        const run = gathers ? new World().gathering() : new World();
        const publishedAtMs: number[] = [0];
        const isOverdue = (each: number) => (publishedAtMs[each] ?? 0) + batchMs <= run.clock.nowMs();
        const present: { subscriber: Subscriber; expected: number[] }[] = [];
        const gone: typeof present = [];
        let offset = 0;
        for (const next of steps) {
          if (next === 'join') present.push({ subscriber: run.live(offset), expected: [] });
          else if (next === 'publish') {
            offset++;
            publishedAtMs.push(run.clock.nowMs());
            // Without subscribers the hub would have dropped the channel, and started again at the top of the history.
            if (present.length === 0) {
              run.channel.position = { offset, epoch };
              continue;
            }
            run.deliver(offset);
            for (const { expected } of present) expected.push(offset);
          } else if ('change' in next) {
            present[next.change]?.subscriber.subscription.askJoinLeave(next.joinLeave);
          } else if ('settle' in next) present[next.settle]?.subscriber.subscription.settle();
          else if ('work' in next) run.work(next.work);
          else if ('pass' in next) {
            await run.clock.advance(next.pass);
            for (const { subscriber, expected } of present) {
              const got = subscriber.frames.flat();
              expect(expected.filter((each) => isOverdue(each) && !got.includes(each))).toEqual([]);
            }
          } else {
            const [leaving] = present.splice(next.leave, 1);
            if (leaving === undefined) continue;
            run.channel.remove(leaving.subscriber.subscription);
            gone.push(leaving);
          }
          if (present.length === 0) run.channel.position = { offset, epoch };
        }
        await run.clock.advance(batchMs);
        expect(run.clock.numTimers).toBe(0);
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
