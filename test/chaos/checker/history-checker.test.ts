/** One hand-written history for each thing that can be wrong, beside the same history without it. */

import { describe, expect, test } from 'vitest';
import { defined } from '../../../src/model/defined.js';
import type { FaultEffects, Happening } from '../history.js';
import { HistoryChecker } from './history-checker.js';
import type { CheckerLimits } from './limits.js';

type Step = readonly [atMs: number, happening: Happening];

const [channel, subscriber] = ['c', 's'];

function violationsOf(steps: readonly Step[], settleMs?: number, limits: Partial<CheckerLimits> = {}): string[] {
  const checker = new HistoryChecker({ slackMs: 0, ...limits });
  for (const [atMs, happening] of steps) checker.observe({ ...happening, atMs });
  if (settleMs !== undefined) checker.settle(settleMs);
  return checker.violations.map(({ line }) => line);
}

const invoked = (value: string): Happening => ({ kind: 'publish-invoked', channel, value });
const at = (offset: number | undefined, epoch = 'e') =>
  defined({ position: offset === undefined ? undefined : { offset, epoch } });
const ok = (value: string, offset?: number, epoch?: string): Happening => ({
  ...{ kind: 'publish-ok', channel, value },
  ...at(offset, epoch),
});
const delivered = (value: string, offset?: number, epoch?: string): Happening => ({
  ...{ kind: 'delivered', channel, subscriber, value },
  ...at(offset, epoch),
});
const subscribed = (offset?: number, more: { recovered?: boolean; epoch?: string } = {}): Happening => ({
  ...{ kind: 'subscribed', channel, subscriber, connection: 'conn' },
  ...at(offset, more.epoch),
  wasRecovering: more.recovered !== undefined,
  recovered: more.recovered === true,
});
const subscribing = (code: number): Happening => ({ kind: 'subscribing', channel, subscriber, code });
const connected = (node: string): Happening => ({ kind: 'connected', subscriber, connection: 'conn', node });
const disconnected = (isFinal = false): Happening => ({ kind: 'disconnected', subscriber, code: 1, isFinal });
const began = (effects: FaultEffects): Happening => ({ kind: 'fault-began', fault: 'f', name: 'a fault', effects });
const ended: Happening = { kind: 'fault-ended', fault: 'f' };
const present = (...connections: string[]): Happening => ({ kind: 'presence-view', channel, node: 'n', connections });
/** Only time goes on. */
const nothing = invoked('tick');
const health = (isReady: boolean, isLive = true): Happening => ({ kind: 'health-view', node: 'n', isReady, isLive });

const one: readonly Step[] = [
  [0, subscribed(0)],
  [1, invoked('a')],
  [2, ok('a', 1)],
  [3, delivered('a', 1)],
];

describe('a channel with history', () => {
  test('what goes well is no violation: live, recovered, and told that it was lost', () => {
    const steps: Step[] = [
      ...one,
      [4, subscribing(1)],
      [5, invoked('b')],
      [6, ok('b', 2)],
      [7, subscribed(1, { recovered: true })],
      [8, delivered('b', 2)],
      [9, began({ losesHistory: 'all', stopsBroker: true })],
      [10, invoked('x')],
      [11, { kind: 'publish-failed', channel, value: 'x', code: 100 }],
      [12, ended],
      [13, subscribing(2500)],
      [14, subscribed(0, { recovered: false, epoch: 'e2' })],
      [15, invoked('c')],
      [16, ok('c', 1, 'e2')],
      [17, delivered('c', 1, 'e2')],
    ];
    expect(violationsOf(steps, 50_000)).toEqual([]);
  });

  test('G5: a node may have looked just before everything was lost', () => {
    const steps: Step[] = [
      ...one,
      [4, subscribing(1)],
      [5, connected('n')],
      [6, began({ losesHistory: 'all' })],
      [7, ended],
      [8, subscribed(1, { recovered: true })],
    ];
    expect(violationsOf(steps)).toEqual([]);
  });

  test('G5: what was published before a loss may come after it, and another epoch then', () => {
    const steps: Step[] = [
      [0, subscribed(0)],
      [1, invoked('a')],
      [2, ok('a', 1)],
      [3, began({ losesHistory: 'some' })],
      [4, ended],
      [9, delivered('a', 1)],
      [10, subscribing(2500)],
      [11, subscribed(1, { recovered: false, epoch: 'e2' })],
    ];
    expect(violationsOf(steps, 50_000)).toEqual([]);
    const [first, ...later] = steps.filter(([, { kind }]) => !kind.startsWith('fault'));
    const sentLater: Step[] = [[0, began({ losesHistory: 'some' })], [0, ended], ...(first ? [first] : []), ...later];
    expect(violationsOf(sentLater)).toEqual(['G5']);
  });

  /** What is wrong, behind what is well. */
  const wrong: readonly (readonly [line: string, what: string, ...steps: Happening[]])[] = [
    ['G1', 'a value that nobody has sent', delivered('?', 2)],
    ['G3', 'one that comes twice', delivered('a', 1)],
    ['G2', 'a hole without a word', invoked('b'), ok('b', 2), invoked('c'), ok('c', 3), delivered('c', 3)],
    ['G5', 'one of another epoch than the subscription has', invoked('b'), delivered('b', 2, 'e2')],
    ['G5', 'a history that was rewritten', invoked('b'), ok('b', 1)],
    ['G6', 'one value at two places', ok('a', 2)],
    ['G5', 'a recovery across epochs', subscribing(1), subscribed(1, { recovered: true, epoch: 'e2' })],
    ['G5', 'another epoch though nothing was lost', subscribing(1), subscribed(0, { recovered: false, epoch: 'x' })],
    ['G4', 'no recovery though it was possible', subscribing(1), subscribed(2, { recovered: false })],
    ['G4', 'a recovery from another place', subscribing(1), subscribed(2, { recovered: true })],
    ['G5', 'a stream that goes back within its epoch', subscribing(1), subscribed(0, { recovered: false })],
    ['G2', 'a second subscription as if it were the first', subscribing(1), subscribed(2)],
    [
      'G5',
      'an epoch that outlives the loss of all',
      subscribing(1),
      began({ losesHistory: 'all' }),
      ended,
      connected('n'),
      subscribed(1, { recovered: true }),
    ],
    [
      'G4',
      'a part of what was not recovered',
      began({ losesHistory: 'some' }),
      subscribing(2500),
      subscribed(7, { recovered: false, epoch: 'e2' }),
      invoked('b'),
      delivered('b', 7, 'e2'),
    ],
    ['G7', 'an acknowledgement without a broker', began({ stopsBroker: true }), nothing, invoked('b'), ok('b', 2)],
    [
      'G7',
      'an acknowledged one that the history is without',
      { kind: 'history-view', channel, top: { offset: 0, epoch: 'e' }, publications: [] },
    ],
  ];
  const behind = wrong.map(([line, what, ...steps]) => ({ line, what, steps }));
  test.each(behind)('$line: $what', ({ line, steps }) => {
    expect(violationsOf([...one, ...steps.map((step, n): Step => [4 + n, step])])).toContain(line);
  });

  test('one of an older place is no duplicate but a break of the order', () => {
    const steps: Step[] = [
      ...one,
      [4, invoked('b')],
      [5, delivered('b', 2)],
      [6, invoked('z')],
      [7, delivered('z', 1)],
    ];
    expect(violationsOf(steps)).toEqual(['G5', 'G1']);
  });

  test('G4: who has missed more than the channel keeps, or was away for longer, is told rightly', () => {
    const steps: Step[] = [...one, [4, subscribing(1)], [5, subscribed(9, { recovered: false })]];
    expect(violationsOf(steps, undefined, { historySize: 7 })).toEqual([]);
    expect(violationsOf(steps, undefined, { historySize: 8 })).toEqual(['G4']);
    expect(violationsOf(steps, undefined, { historyTtlMs: 2 })).toEqual([]);
  });

  test('G2: 20 s after the acknowledgement it is there, or a word is', () => {
    const steps = one.slice(0, 3);
    expect(violationsOf([...steps, [20_001, nothing]])).toEqual([]);
    expect(violationsOf([...steps, [20_500, nothing]])).toEqual(['G2']);
    expect(violationsOf([...steps, [15_000, subscribing(2500)], [40_000, nothing]])).toEqual([]);
  });

  test('G2: who stays behind in a life of the history that is over has to be told', () => {
    const steps: Step[] = [
      ...one,
      [4, began({ losesHistory: 'all' })],
      [5, ended],
      [6, invoked('b')],
      [7, ok('b', 1, 'e2')],
    ];
    expect(violationsOf([...steps, [20_000, nothing]])).toEqual([]);
    expect(violationsOf([...steps, [20_500, nothing]])).toEqual(['G2']);
    expect(violationsOf(steps, 100)).toEqual(['G2']);
    const told: Step[] = [...steps, [8, subscribing(2500)], [9, subscribed(1, { recovered: false, epoch: 'e2' })]];
    expect(violationsOf(told, 100)).toEqual([]);
  });

  test('G2: in the end nothing is missing, and everybody is back', () => {
    expect(violationsOf(one.slice(0, 3), 100)).toEqual(['G2']);
    expect(violationsOf([...one, [4, subscribing(1)]], 100)).toEqual(['G2']);
    expect(violationsOf([...one, [4, subscribing(1)], [5, connected('n')], [6, disconnected(true)]], 100)).toEqual([]);
    expect(violationsOf([...one, [4, connected('n')], [5, disconnected()]], 6_000)).toEqual(['G2']);
  });

  test('G2: whom a node that stands still cannot tell is told when it goes on', () => {
    const steps: Step[] = [
      [0, connected('n')],
      [0, subscribed(0)],
      [1, began({ silences: ['n'] })],
      [2, invoked('a')],
      [3, ok('a', 1)],
      [30_000, ended],
      [49_000, nothing],
    ];
    expect(violationsOf(steps)).toEqual([]);
    expect(violationsOf([...steps, [51_000, nothing]])).toEqual(['G2']);
  });
});

describe('a channel without history', () => {
  const live: readonly Step[] = [
    [0, subscribed()],
    [1, invoked('a')],
    [2, ok('a')],
  ];

  test('what goes well is no violation', () => {
    expect(violationsOf([...live, [3, delivered('a')]], 100)).toEqual([]);
    expect(violationsOf([...live, [3, subscribing(1)], [4, subscribed()]], 100)).toEqual([]);
    const cut = (node: string): Step[] => [[0, connected('n')], [0, began({ cuts: [node] })], ...live, [3, ended]];
    expect(violationsOf(cut('n'), 100)).toEqual([]);
    // Another node's way does not concern it.
    expect(violationsOf(cut('m'), 100)).toEqual(['G2']);
  });

  test.each<readonly [string, string, readonly Step[]]>([
    ['G1', 'a value that nobody has sent', [...live, [3, delivered('a')], [4, delivered('?')]]],
    ['G3', 'one that comes twice', [...live, [3, delivered('a')], [4, delivered('a')]]],
    ['G2', 'one that does not come though nothing is wrong', [[0, connected('n')], ...live]],
    [
      'G1',
      'one after a later one',
      [...live, [3, invoked('b')], [4, ok('b')], [5, delivered('b')], [6, delivered('a')]],
    ],
  ])('%s: %s', (line, _, steps) => {
    expect(violationsOf(steps, 100)).toEqual([line]);
  });
});

describe('connections, presence, health', () => {
  test('F1: who was with a killed node is elsewhere within 5 s', () => {
    const steps: Step[] = [
      [0, connected('n')],
      [1, began({ kills: ['n'] })],
      [2, disconnected()],
    ];
    expect(violationsOf([...steps, [4_000, connected('m')], [9_000, present()]])).toEqual([]);
    expect(violationsOf([...steps, [9_000, present()]])).toEqual(['F1']);
  });

  test('G8: nobody is missing', () => {
    const steps: Step[] = [
      [0, subscribed(0)],
      [2_000, present()],
      [4_000, present('conn')],
    ];
    expect(violationsOf(steps)).toEqual(['G8']);
    expect(violationsOf([[0, began({ losesPresence: true })], [1, ended], ...steps])).toEqual([]);
    expect(violationsOf([[0, began({ hidesPresence: true })], [1, ended], ...steps])).toEqual([]);
    const inFor = (...more: Step[]) => violationsOf([[0, subscribed(0)], ...more]);
    expect(inFor([500, present()], [4_000, present('conn')])).toEqual([]);
    expect(inFor([2_000, present()], [2_500, subscribing(1)], [4_000, present()])).toEqual([]);
  });

  test('G8: whom its node has let go is not missing, though its client is yet to hear of that', () => {
    const held = (...connections: string[]): Happening => ({ ...present(), held: new Set(connections) }) as Happening;
    const steps = (view: Happening): Step[] => [
      [0, subscribed(0)],
      [2_000, view],
      [4_000, present('conn')],
    ];
    expect(violationsOf(steps(held()))).toEqual([]);
    expect(violationsOf(steps(held('conn')))).toEqual(['G8']);
  });

  test('G8: what the server has ended beside a fault may be kept until it expires, however late the client hears of it', () => {
    const steps: Step[] = [
      [0, subscribed(0)],
      [1, began({ cuts: ['n'] })],
      [1_000, ended],
      [5_000, subscribing(2500)],
    ];
    expect(violationsOf([...steps, [9_000, present('conn')]])).toEqual([]);
    expect(violationsOf([...steps, [66_000, present('conn')], [90_000, nothing]])).toEqual(['G8']);
    const late: Step[] = [...steps.slice(0, 3), [30_000, subscribing(2500)]];
    expect(violationsOf([...late, [34_000, present('conn')], [56_000, nothing]])).toEqual(['G8']);
  });

  test('G8: nobody is a ghost: 1 s after leaving, 60 s after dying', () => {
    const left: Step[] = [
      [0, subscribed(0)],
      [1, { kind: 'unsubscribed', channel, subscriber: 's', code: 0 }],
    ];
    expect(violationsOf([...left, [900, present('conn')]])).toEqual([]);
    expect(violationsOf([...left, [1_500, present('conn')], [24_000, nothing]])).toEqual(['G8']);
    const died: Step[] = [
      [0, subscribed(0)],
      [1, subscribing(1)],
    ];
    expect(violationsOf([...died, [59_000, present('conn')]])).toEqual([]);
    expect(violationsOf([...died, [61_000, present('conn')], [84_000, nothing]])).toEqual(['G8']);
    const ghost = [0, 61_000].map((atMs): Step => [atMs, present('ghost')]);
    expect(violationsOf(ghost)).toEqual(['G8']);
  });

  test('G8: who is coming back is present before its client knows, and was no ghost', () => {
    const steps: Step[] = [
      [0, subscribed(0)],
      [1, { kind: 'unsubscribed', channel, subscriber: 's', code: 0 }],
      [3_000, present('conn')],
    ];
    expect(violationsOf([...steps, [3_010, subscribed(0)], [26_000, nothing]])).toEqual([]);
    expect(violationsOf([...steps, [26_000, nothing]])).toEqual(['G8']);
  });

  test('G9: an order to disconnect has its effect within 5 s, or within 5 s of the way being free', () => {
    const ordered: Happening = { kind: 'disconnect-ordered', subscriber: 's', connection: 'conn' };
    const steps: Step[] = [
      [0, connected('n')],
      [1, ordered],
    ];
    expect(violationsOf([...steps, [4_000, disconnected(true)], [9_000, present()]])).toEqual([]);
    expect(violationsOf([...steps, [6_000, present()]])).toEqual(['G9']);
    const cut: Step[] = [
      [0, connected('n')],
      [0, began({ cuts: ['n'] })],
      [1, ordered],
      [5_000, ended],
    ];
    expect(violationsOf([...cut, [9_000, present()]])).toEqual([]);
    expect(violationsOf([...cut, [11_000, present()]])).toEqual(['G9']);
  });

  test('G10: readiness follows the way to the broker within 15 s, both ways; liveness does not', () => {
    const cut = (...steps: Step[]) => violationsOf([[0, began({ cuts: ['n'] })], ...steps]);
    expect(cut([14_000, health(true)])).toEqual([]);
    expect(cut([16_000, health(true)])).toEqual(['G10']);
    expect(cut([16_000, health(false)])).toEqual([]);
    expect(cut([1, ended], [14_000, health(false)])).toEqual([]);
    expect(cut([1, ended], [16_000, health(false)])).toEqual(['G10']);
    expect(cut([9, health(false, false)])).toEqual(['G10']);
    const starved: Step = [10_000, began({ starves: true })];
    expect(violationsOf([starved, [10_000, ended], [16_000, health(false)]])).toEqual([]);
    expect(violationsOf([starved, [10_000, ended], [26_000, health(false)]])).toEqual(['G10']);
    const killed: Step = [0, began({ kills: ['n'] })];
    expect(violationsOf([killed, [9, health(false, false)]])).toEqual([]);
  });
});
