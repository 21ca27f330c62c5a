/** Scenarios: filters by tags, live and in what is recovered. */

import type { FilterNode } from 'centrifuge';
import { equal, gather, nextEvent } from './awaiting.js';
import { codeOfEnd, connected, joined, receiving, type Scenario, type ScenarioContext } from './context.js';

type Tags = Readonly<Record<string, string>>;

/** What each channel of the table gets, numbered from 0. */
const published: readonly (Tags | undefined)[] = [
  { kind: 'goal', team: 'lions', minute: '7' },
  { kind: 'card', team: 'bears', minute: '45.5' },
  { kind: 'goal', team: 'bears', minute: '90' },
  { kind: 'note', minute: 'half time' },
  undefined,
];

const test = (cmp: FilterNode['cmp'], key: string, val: string): FilterNode => ({ cmp, key, val }) as FilterNode;
const listed = (cmp: FilterNode['cmp'], key: string, ...vals: string[]): FilterNode =>
  ({ cmp, key, vals }) as FilterNode;
const has = (cmp: FilterNode['cmp'], key: string): FilterNode => ({ cmp, key }) as FilterNode;
const all = (...nodes: FilterNode[]): FilterNode => ({ op: 'and', nodes });
const any = (...nodes: FilterNode[]): FilterNode => ({ op: 'or', nodes });
const not = (node: FilterNode): FilterNode => ({ op: 'not', nodes: [node] });
const goals = test('eq', 'kind', 'goal');

/** A filter, and which of {@link published} pass it. */
const table: readonly (readonly [FilterNode, readonly number[]])[] = [
  [goals, [0, 2]],
  [test('eq', 'kind', 'GOAL'), []],
  [test('neq', 'kind', 'goal'), [1, 3, 4]],
  [test('sw', 'team', 'li'), [0]],
  [test('ew', 'team', 's'), [0, 1, 2]],
  [test('ct', 'team', 'ear'), [1, 2]],
  [listed('in', 'kind', 'goal', 'note'), [0, 2, 3]],
  [listed('in', 'kind', ''), [4]],
  [listed('nin', 'team', 'bears', ''), [0]],
  [listed('nin', 'team', 'bears'), [0, 3, 4]],
  [has('ex', 'team'), [0, 1, 2]],
  [has('nex', 'team'), [3, 4]],
  [has('nex', 'constructor'), [0, 1, 2, 3, 4]],
  [test('lt', 'minute', '45.5'), [0]],
  [test('lte', 'minute', '45.50'), [0, 1]],
  [test('gt', 'minute', '7.0'), [1, 2]],
  [test('gte', 'minute', '-1'), [0, 1, 2]],
  [test('gt', 'minute', 'noon'), []],
  [all(goals, test('eq', 'team', 'bears')), [2]],
  [any(test('eq', 'team', 'lions'), test('eq', 'kind', 'note')), [0, 3]],
  [not(goals), [1, 3, 4]],
  [not(any(goals, has('nex', 'team'))), [1]],
  [all(any(goals, test('eq', 'kind', 'card')), not(test('eq', 'team', 'lions')), test('lt', 'minute', '90')), [1]],
  [any(all(goals, not(goals)), has('ex', '')), []],
];

const rowOf = (index: number) => `tagged:row${index}`;

/** Subscribed with a filter for goals, cut off after some publications, of which the last is a goal. */
async function cutOff(context: ScenarioContext, channel: string, kinds: readonly string[]) {
  const { room, received } = await joined(context, channel, { tagsFilter: goals });
  await publish(context, channel, kinds);
  await received.atLeast(kinds.filter((kind) => kind === 'goal').length);
  const lost = nextEvent(room, 'subscribing');
  await context.server.cut();
  await lost;
  return { room, received, back: nextEvent(room, 'subscribed') };
}

async function publish({ server }: ScenarioContext, channel: string, kinds: readonly string[]): Promise<void> {
  for (const kind of kinds) await server.publish(channel, kind, { kind });
}

export const filters: Readonly<Record<string, Scenario>> = {
  async 'a filter of each kind lets through what it names'(context) {
    const client = await connected(context);
    const rooms = table.map(([tagsFilter], index) => {
      const room = client.newSubscription(rowOf(index), { tagsFilter });
      return { room, received: gather(room, 'publication', ({ data }) => data) };
    });
    const last = client.newSubscription('tagged:last');
    const end = gather(last, 'publication', ({ data }) => data);
    for (const { room } of [...rooms, { room: last }]) room.subscribe();
    await Promise.all([...rooms, { room: last }].map(({ room }) => room.ready()));
    for (const [number, tags] of published.entries()) {
      await Promise.all(table.map((_, index) => context.server.publish(rowOf(index), number, tags)));
    }
    await context.server.publish('tagged:last', 'end');
    await end.atLeast(1);
    for (const [index, [filter, expected]] of table.entries()) {
      equal(rooms[index]?.received.items, expected, JSON.stringify(filter));
    }
  },

  async 'G4: who has a filter recovers exactly what passes it'(context) {
    const { room, received, back } = await cutOff(context, 'tagged:room', ['card', 'goal']);
    await publish(context, 'tagged:room', ['card', 'goal', 'note', 'goal', 'card']);
    await context.server.restore();
    const { recovered, hasRecoveredPublications, streamPosition } = await back;
    equal([recovered, hasRecoveredPublications, streamPosition?.offset], [true, true, 2]);
    await publish(context, 'tagged:room', ['card', 'goal']);
    equal(await received.atLeast(4), ['goal', 'goal', 'goal', 'goal']);
    equal(room.state, 'subscribed');
  },

  async 'G4: who comes back again and again where nothing passes the filter has lost nothing, though the history goes on'(
    context,
  ) {
    const { room, received, back } = await cutOff(context, 'tagged:room', ['goal']);
    await publish(
      context,
      'tagged:room',
      Array.from({ length: 8 }, () => 'card'),
    );
    await context.server.restore();
    equal((await back).recovered, true, 'recovered the first time');
    const lost = nextEvent(room, 'subscribing');
    await context.server.cut();
    await lost;
    const again = nextEvent(room, 'subscribed');
    await publish(context, 'tagged:room', [...Array.from({ length: 8 }, () => 'card'), 'goal']);
    await context.server.restore();
    equal((await again).recovered, true, 'recovered the second time');
    equal(await received.atLeast(2), ['goal', 'goal']);
  },

  async 'G4: who has a filter is told when the history no longer reaches back'(context) {
    const { received, back } = await cutOff(context, 'tagged:room', ['goal']);
    await publish(
      context,
      'tagged:room',
      Array.from({ length: 11 }, () => 'card'),
    );
    await context.server.restore();
    const { wasRecovering, recovered } = await back;
    equal({ wasRecovering, recovered }, { wasRecovering: true, recovered: false });
    await publish(context, 'tagged:room', ['goal']);
    equal(await received.atLeast(2), ['goal', 'goal']);
  },

  async 'G4: a cache gives the last value that passes the filter, once'(context) {
    await publish(context, 'tagcache:room', ['goal', 'card']);
    const { room, received } = receiving(await connected(context), 'tagcache:room', { tagsFilter: goals });
    equal(await received.atLeast(1), ['goal']);
    const lost = nextEvent(room, 'subscribing');
    await context.server.cut();
    await lost;
    await publish(context, 'tagcache:room', ['card']);
    const back = nextEvent(room, 'subscribed');
    await context.server.restore();
    const { recovered, hasRecoveredPublications } = await back;
    equal({ recovered, hasRecoveredPublications }, { recovered: true, hasRecoveredPublications: false });
    await publish(context, 'tagcache:room', ['goal']);
    equal(await received.atLeast(2), ['goal', 'goal']);
  },

  async 'the history is read whole, whatever the filter'(context) {
    const { room } = await joined(context, 'tagged:room', { tagsFilter: goals });
    await publish(context, 'tagged:room', ['card', 'goal']);
    equal(
      (await room.history({ limit: 10 })).publications.map(({ data }) => data),
      ['card', 'goal'],
    );
  },

  async 'refused: where the rule has none, or not by that tag (108), for one that is none (107), too large or deep (106)'(
    context,
  ) {
    const client = await connected(context);
    const codeOf = (channel: string, tagsFilter: FilterNode) =>
      codeOfEnd(client.newSubscription(channel, { tagsFilter }));
    const deep = Array.from({ length: 8 }).reduce<FilterNode>((node) => not(node), goals);
    const large = listed('in', 'kind', ...Array.from({ length: 500 }, (_, n) => `value number ${n}`));
    const codes = [
      codeOf('stream:a', goals),
      codeOf('tagcache:b', all(goals, has('ex', 'team'))),
      codeOf('tagged:c', listed('in', 'kind')),
      codeOf('tagged:d', deep),
      codeOf('tagged:e', large),
    ];
    equal(await Promise.all(codes), [108, 108, 107, 106, 106]);
  },
};
