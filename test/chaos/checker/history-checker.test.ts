/** One hand-written history for each thing that can be wrong, beside the same history without it. */

import { describe, expect, test } from 'vitest';
import type { Happening } from '../history.js';
import { HistoryChecker } from './history-checker.js';
import type { CheckerLimits } from './limits.js';

type Step = readonly [atMs: number, happening: Happening];

const channel = 'c';

function violationsOf(steps: readonly Step[], settleMs?: number, limits: Partial<CheckerLimits> = {}): string[] {
  const checker = new HistoryChecker({ slackMs: 0, ...limits });
  for (const [atMs, happening] of steps) checker.observe({ ...happening, atMs });
  if (settleMs !== undefined) checker.settle(settleMs);
  return checker.violations.map(({ line }) => line);
}

const invoked = (value: string): Happening => ({ kind: 'publish-invoked', channel, value });
const ok = (value: string, offset?: number, epoch = 'e'): Happening => ({
  kind: 'publish-ok',
  channel,
  value,
  ...(offset !== undefined && { position: { offset, epoch } }),
});
const delivered = (value: string, offset?: number, epoch = 'e', subscriber = 's'): Happening => ({
  kind: 'delivered',
  channel,
  subscriber,
  value,
  ...(offset !== undefined && { position: { offset, epoch } }),
});
const subscribed = (
  offset?: number,
  more: { recovered?: boolean; epoch?: string; connection?: string } = {},
): Happening => ({
  kind: 'subscribed',
  channel,
  subscriber: 's',
  connection: more.connection ?? 'conn',
  ...(offset !== undefined && { position: { offset, epoch: more.epoch ?? 'e' } }),
  wasRecovering: more.recovered !== undefined,
  recovered: more.recovered === true,
});
const subscribing = (code: number): Happening => ({ kind: 'subscribing', channel, subscriber: 's', code });
const connected = (node: string, connection = 'conn'): Happening => ({
  kind: 'connected',
  subscriber: 's',
  connection,
  node,
});
const disconnected = (isFinal = false): Happening => ({ kind: 'disconnected', subscriber: 's', code: 1, isFinal });
const began = (effects: Extract<Happening, { kind: 'fault-began' }>['effects']): Happening => ({
  kind: 'fault-began',
  fault: 'f',
  name: 'a fault',
  effects,
});
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

  const wrong: readonly (readonly [string, string, readonly Step[]])[] = [
    ['G1', 'a value that nobody has sent', [...one, [4, delivered('?', 2)]]],
    ['G3', 'one that comes twice', [...one, [4, delivered('a', 1)]]],
    [
      'G2',
      'a hole without a word',
      [...one, [4, invoked('b')], [5, ok('b', 2)], [6, invoked('c')], [7, ok('c', 3)], [8, delivered('c', 3)]],
    ],
    ['G5', 'one of another epoch than the subscription has', [...one, [4, invoked('b')], [5, delivered('b', 2, 'e2')]]],
    ['G5', 'a history that was rewritten', [...one, [4, invoked('b')], [5, ok('b', 1)]]],
    ['G6', 'one value at two places', [...one, [4, ok('a', 2)]]],
    [
      'G5',
      'a recovery across epochs',
      [...one, [4, subscribing(1)], [5, subscribed(1, { recovered: true, epoch: 'e2' })]],
    ],
    [
      'G5',
      'another epoch though nothing was lost',
      [...one, [4, subscribing(1)], [5, subscribed(0, { recovered: false, epoch: 'x' })]],
    ],
    [
      'G4',
      'no recovery though it was possible',
      [...one, [4, subscribing(1)], [5, subscribed(2, { recovered: false })]],
    ],
    ['G4', 'a recovery from another place', [...one, [4, subscribing(1)], [5, subscribed(2, { recovered: true })]]],
    [
      'G5',
      'a stream that goes back within its epoch',
      [...one, [4, subscribing(1)], [5, subscribed(0, { recovered: false })]],
    ],
    ['G2', 'a second subscription as if it were the first', [...one, [4, subscribing(1)], [5, subscribed(2)]]],
    [
      'G5',
      'an epoch that outlives the loss of all',
      [
        ...one,
        [4, subscribing(1)],
        [5, began({ losesHistory: 'all' })],
        [6, ended],
        [7, subscribed(1, { recovered: true })],
      ],
    ],
    [
      'G4',
      'a part of what was not recovered',
      [
        ...one,
        [4, began({ losesHistory: 'some' })],
        [5, subscribing(2500)],
        [6, subscribed(7, { recovered: false, epoch: 'e2' })],
        [7, invoked('b')],
        [8, delivered('b', 7, 'e2')],
      ],
    ],
    [
      'G7',
      'an acknowledgement without a broker',
      [
        [0, began({ stopsBroker: true })],
        [1, invoked('a')],
        [2, ok('a', 1)],
      ],
    ],
    [
      'G7',
      'an acknowledged one that the history is without',
      [...one, [4, { kind: 'history-view', channel, top: { offset: 0, epoch: 'e' }, publications: [] }]],
    ],
  ];
  test.each(wrong)('%s: %s', (line, _, steps) => {
    expect(violationsOf(steps)).toContain(line);
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
    const steps: Step[] = [
      [0, subscribed(0)],
      [1, invoked('a')],
      [2, ok('a', 1)],
    ];
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
    const steps: Step[] = [
      [0, subscribed(0)],
      [1, invoked('a')],
      [2, ok('a', 1)],
    ];
    expect(violationsOf(steps, 100)).toEqual(['G2']);
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
    expect(
      violationsOf([
        [0, subscribed(0)],
        [500, present()],
        [4_000, present('conn')],
      ]),
    ).toEqual([]);
    expect(
      violationsOf([
        [0, subscribed(0)],
        [2_000, present()],
        [2_500, subscribing(1)],
        [4_000, present()],
      ]),
    ).toEqual([]);
  });

  test('G8: nobody is a ghost: 1 s after leaving, 60 s after dying', () => {
    const left: Step[] = [
      [0, subscribed(0)],
      [1, { kind: 'unsubscribed', channel, subscriber: 's', code: 0 }],
    ];
    expect(violationsOf([...left, [900, present('conn')]])).toEqual([]);
    expect(violationsOf([...left, [1_500, present('conn')]])).toEqual(['G8']);
    const died: Step[] = [
      [0, subscribed(0)],
      [1, subscribing(1)],
    ];
    expect(violationsOf([...died, [59_000, present('conn')]])).toEqual([]);
    expect(violationsOf([...died, [61_000, present('conn')]])).toEqual(['G8']);
    expect(
      violationsOf([
        [0, present('ghost')],
        [61_000, present('ghost')],
      ]),
    ).toEqual(['G8']);
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
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [14_000, health(true)],
      ]),
    ).toEqual([]);
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [16_000, health(true)],
      ]),
    ).toEqual(['G10']);
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [16_000, health(false)],
      ]),
    ).toEqual([]);
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [1, ended],
        [14_000, health(false)],
      ]),
    ).toEqual([]);
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [1, ended],
        [16_000, health(false)],
      ]),
    ).toEqual(['G10']);
    expect(
      violationsOf([
        [0, began({ cuts: ['n'] })],
        [9, health(false, false)],
      ]),
    ).toEqual(['G10']);
    expect(
      violationsOf([
        [0, began({ kills: ['n'] })],
        [9, health(false, false)],
      ]),
    ).toEqual([]);
  });
});
