/** G1, G5, G6: whoever reads a log, from any record, gets the results of a reader of all of it, or reports them unknown. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChannelName, parseChannelName } from '../../../model/channel-name.js';
import { trustedJsonText } from '../../../model/json-text.js';
import type { Position } from '../../../model/position.js';
import { Ledger, type Outcome } from './ledger.js';
import type { LogEntry, LogRecord } from './log-record.js';

const channels = ['a', 'b', 'c'].map((name) => {
  const channel = parseChannelName(name);
  if (channel === undefined) throw new Error('a letter is a name');
  return channel;
});
const limits = { size: 3, ttlMs: 60_000 };

function ledger(maxStreams = 100): Ledger {
  return new Ledger({ maxHistoryBytes: 1_000_000, maxStreams, streamIdleMs: 1_000_000, isWanted: () => false });
}

/** The result of each record, and the state of the channels after it. */
interface Truth {
  readonly outcome: Outcome;
  readonly tops: ReadonlyMap<ChannelName, Position>;
}

interface Node {
  readonly ledger: Ledger;
  /** The next record that the node reads. */
  next: number;
  /** Written but not in the log yet, in order. */
  readonly onTheWay: LogRecord[];
}

class World {
  readonly log: LogRecord[] = [];
  readonly truths: Truth[] = [];
  readonly nodes: Node[] = [];
  readonly reference = ledger();
  numRecords = 0;
  numEpochs = 0;

  constructor() {
    this.join(0);
    this.append({ id: 'first', life: '', writtenMs: 0, entry: { kind: 'break' } });
  }

  join(first: number, maxStreams?: number): void {
    this.nodes.push({ ledger: ledger(maxStreams), next: first, onTheWay: [] });
  }

  append(record: LogRecord): void {
    const at = this.log.push(record) - 1;
    const outcome = this.reference.apply(at, record, 0, 0);
    const tops = new Map<ChannelName, Position>();
    for (const channel of channels) {
      const top = this.reference.stream(channel)?.top;
      if (top !== undefined) tops.set(channel, top);
    }
    this.truths.push({ outcome, tops });
  }

  write(node: Node, channel: ChannelName, kind: 'open' | 'clear' | 'publication' | 'break', key?: string): void {
    if (node.ledger.life === '' && kind !== 'break') return;
    if (key !== undefined && node.ledger.find(channel, key, 0) !== undefined) return;
    const basis = node.ledger.basis(channel, `e${++this.numEpochs}`);
    const publication = { data: trustedJsonText(`${this.numRecords}`) };
    const entry: LogEntry =
      kind === 'break'
        ? { kind }
        : kind === 'publication'
          ? { kind, basis, publication, limits, ...(key !== undefined && { key }) }
          : { kind, basis };
    node.onTheWay.push({ id: `r${++this.numRecords}`, life: node.ledger.life, writtenMs: 0, entry });
  }

  arrive(node: Node): void {
    const record = node.onTheWay.shift();
    if (record !== undefined) this.append(record);
  }

  read(node: Node): void {
    const record = this.log[node.next];
    const truth = this.truths[node.next];
    if (record === undefined || truth === undefined) return;
    const outcome = node.ledger.apply(node.next, record, 0, 0);
    node.next++;
    if (outcome.kind !== 'unknown') expect(outcome).toEqual(truth.outcome);
    else expect(node.ledger).not.toBe(this.nodes[0]?.ledger);
    for (const channel of channels) {
      const top = node.ledger.stream(channel)?.top;
      if (top !== undefined) expect(top).toEqual(truth.tops.get(channel));
    }
  }

  /** Where a node may start: void records have been truncated before the break that made them void. */
  canBeginAt(first: number): boolean {
    return first < this.truths.length && this.truths[first]?.outcome.kind !== 'void' && this.log[first]?.life !== '';
  }
}

const numRuns = 300;
const small = fc.nat({ max: 1_000 });
const actions = fc.array(fc.tuple(small, small, small, small), { minLength: 20, maxLength: 300 });

function run(steps: readonly (readonly [number, number, number, number])[]): World {
  const world = new World();
  for (const [what, who, which, extra] of steps) {
    const node = world.nodes[who % world.nodes.length];
    const channel = channels[which % channels.length];
    if (node === undefined || channel === undefined) continue;
    const kind = what % 100;
    if (kind < 25) world.write(node, channel, 'publication');
    else if (kind < 35) world.write(node, channel, 'publication', `k${extra % 5}`);
    else if (kind < 38) world.write(node, channel, 'open');
    else if (kind < 40) world.write(node, channel, 'clear');
    else if (kind < 42) world.write(node, channel, 'break');
    else if (kind < 46 && world.nodes.length < 6) {
      const first = extra % world.log.length;
      if (world.canBeginAt(first)) world.join(first, which % 2 === 0 ? 1 : undefined);
    } else if (kind < 50) for (const _ of node.ledger.sweep({ nowMs: () => 0 }));
    else if (kind < 72) world.arrive(node);
    else for (let n = 0; n <= extra % 4; n++) world.read(node);
  }
  for (const node of world.nodes) {
    while (node.onTheWay.length > 0) world.arrive(node);
    while (node.next < world.log.length) world.read(node);
  }
  return world;
}

test('all readers agree, wherever they begin and whatever they have forgotten', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      run(steps);
    }),
    { numRuns },
  );
});

test('offsets are consecutive within an epoch, and a key is one publication', () => {
  fc.assert(
    fc.property(actions, (steps) => {
      const world = run(steps);
      const last = new Map<string, number>();
      const keys = new Set<string>();
      world.truths.forEach(({ outcome }, at) => {
        if (outcome.kind !== 'published') return;
        const { channel, published, publication } = outcome;
        const entry = world.log[at]?.entry;
        if (entry?.kind === 'publication' && entry.key !== undefined) {
          const name = `${channel} ${entry.key}`;
          expect(published.duplicate).toBe(keys.has(name));
          keys.add(name);
        }
        if (published.duplicate) return;
        const { offset, epoch } = published.position;
        expect(publication.offset).toBe(offset);
        const before = last.get(`${channel} ${epoch}`);
        if (before !== undefined) expect(offset).toBe(before + 1);
        last.set(`${channel} ${epoch}`, offset);
      });
    }),
    { numRuns },
  );
});

test('a node that begins late takes over the place of a channel from the next record about it', () => {
  const world = new World();
  const [first] = world.nodes;
  const [channel] = channels;
  if (first === undefined || channel === undefined) throw new Error('there is a node and a channel');
  const publish = () => {
    while (first.next < world.log.length) world.read(first);
    world.write(first, channel, 'publication');
    world.arrive(first);
  };
  for (let n = 0; n < 10; n++) publish();
  world.join(8);
  publish();
  const [, late] = world.nodes;
  if (late === undefined) throw new Error('it has joined');
  while (late.next < world.log.length) world.read(late);
  expect(late.ledger.stream(channel)?.top).toEqual(world.reference.stream(channel)?.top);
  expect(late.ledger.stream(channel)?.top.offset).toBe(11);
});
