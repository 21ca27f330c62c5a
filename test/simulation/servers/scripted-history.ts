/**
 * A history of calls that two nodes make of their brokers on one server, from a seed, and everything that comes of it: the
 * same on a model and on the real server, with epochs and errors by their kinds.
 */

import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import type { Broker } from '../../../src/engine/ports/broker.js';
import { trustedJsonText } from '../../../src/model/json-text.js';
import { payloadText } from '../../../src/model/payload.js';
import type { Publication } from '../../../src/model/publication.js';
import type { SeededRandom } from '../../chaos/seeded-random.js';
import { channelName } from '../../support/engine/channel-name.js';

export interface ScriptedServer {
  /** Two brokers, not started. */
  readonly nodes: readonly [Broker, Broker];
  /** Default: as the brokers have them. */
  readonly hasMaps?: boolean;
  /** Everything that is kept is gone, and no connection breaks. Absent: nobody can do that. */
  wipe?(): Promise<void>;
}

const channels = [channelName('script:a'), channelName('script:b')] as const;
const stream = { size: 4, ttlMs: 60_000 };
const numCalls = 60;

/** @returns one line for each call, and what each node has heard */
export async function scriptedHistory(
  { nodes, wipe, hasMaps = true }: ScriptedServer,
  random: SeededRandom,
): Promise<string[]> {
  const lines: string[] = [];
  const epochs = new Map<string, string>();
  const nameOf = (epoch: string) => {
    if (epoch === '') return '';
    const name = epochs.get(epoch) ?? `E${epochs.size + 1}`;
    epochs.set(epoch, name);
    return name;
  };
  const events = [new RecordedEvents(), new RecordedEvents()] as const;
  await Promise.all(nodes.map((node, n) => node.start(events[n === 0 ? 0 : 1])));
  let numValues = 0;
  /** The last calls have arrived everywhere. */
  const settle = async () => {
    for (const node of nodes) await node.probe?.();
  };
  for (let n = 0; n < numCalls; n++) {
    const by = random.below(2);
    const node = nodes[by === 0 ? 0 : 1];
    const channel = random.pick(channels);
    const data = trustedJsonText(JSON.stringify(`v${++numValues}`));
    const { said, run } = callOf({ node, channel, data, random, wipe, hasMaps, nameOf });
    let outcome: string;
    try {
      outcome = await run();
    } catch (error) {
      outcome = `fails: ${typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)}`;
    }
    lines.push(`${n}. node ${by + 1}, ${channel}: ${said} → ${outcome}`);
    await settle();
  }
  for (const [n, heard] of events.entries()) {
    for (const channel of channels) {
      for (const { publication, epoch } of heard.publications(channel)) {
        lines.push(`node ${n + 1} has heard ${textOf(publication)} of ${channel} in ${nameOf(epoch)}`);
      }
    }
  }
  await Promise.all(nodes.map((node) => node.close(1_000)));
  return lines;
}

interface CallParts {
  readonly node: Broker;
  readonly channel: (typeof channels)[number];
  readonly data: ReturnType<typeof trustedJsonText>;
  readonly random: SeededRandom;
  readonly wipe: ScriptedServer['wipe'];
  readonly hasMaps: boolean;
  readonly nameOf: (epoch: string) => string;
}

interface Call {
  readonly said: string;
  run(): Promise<string>;
}

function callOf({ node, channel, data, random, wipe, hasMaps, nameOf }: CallParts): Call {
  const at = ({ offset, epoch }: { readonly offset: number; readonly epoch: string }) => `${offset}@${nameOf(epoch)}`;
  const publish = (said: string, options: Parameters<Broker['publish']>[2]): Call => ({
    said,
    run: async () => {
      const { position, duplicate } = await node.publish(channel, { data }, options);
      return `${at(position)}${duplicate ? ' again' : ''}`;
    },
  });
  const key = `k${random.below(4)}`;
  const calls: (() => Call)[] = [
    () => publish('publish', { stream }),
    () => publish('publish', { stream }),
    () => publish('publish', { stream }),
    () => publish(`publish once ${key}`, { stream, idempotencyKey: key }),
    () => publish('publish without history', {}),
    () => ({
      said: 'subscribe',
      run: async () => {
        await node.subscribe(channel);
        return 'done';
      },
    }),
    () => ({
      said: 'unsubscribe',
      run: async () => {
        await node.unsubscribe(channel);
        return 'done';
      },
    }),
  ];
  const { history, presence, maps } = node;
  if (history !== undefined) {
    const [limit, since, reverse] = [random.below(6), random.below(8), random.below(3) === 0];
    calls.push(() => ({
      said: `read ${limit} ${reverse ? 'before' : 'after'} ${since}`,
      run: async () => {
        const { top, publications, continuous } = await history.read(channel, {
          limit,
          reverse,
          since: { offset: since },
        });
        return `${publications.map(textOf).join(' ') || 'nothing'}, ${continuous ? 'whole' : 'with a gap'}, up to ${at(top)}`;
      },
    }));
    if (random.below(6) === 0) {
      calls.push(() => ({
        said: 'remove',
        run: async () => {
          await history.remove(channel);
          return 'done';
        },
      }));
    }
  }
  if (node.comparesVersions === true) {
    const number = 1 + random.below(5);
    calls.push(() => publish(`publish version ${number}`, { stream, version: { number, epoch: '' } }));
  }
  if (presence !== undefined) {
    const client = `c${random.below(4)}`;
    calls.push(() => ({
      said: `present ${client}`,
      run: async () => {
        if (random.below(3) === 0) await presence.remove(channel, client);
        else await presence.add(channel, { user: `u-${client}`, client }, 60_000);
        const all = await presence.list(channel, 10);
        const { numClients, numUsers } = await presence.stats(channel);
        return `${all
          .map((one) => one.client)
          .sort()
          .join(' ')} (${numClients}, ${numUsers})`;
      },
    }));
  }
  if (maps !== undefined && hasMaps) {
    const limits = { stream, maxKeys: 3 };
    const field = `m${random.below(4)}`;
    const expected = random.below(2) === 0 ? { expected: { version: random.below(6) } } : {};
    const map = channelName(`map-${channel}`);
    const outcomeOf = (outcome: Awaited<ReturnType<typeof maps.set>>) =>
      outcome.ok ? `${at(outcome.position)}` : `${outcome.why} ${outcome.version} at ${at(outcome.position)}`;
    calls.push(
      () => ({
        said: `set ${field} of ${JSON.stringify(expected)}`,
        run: async () => outcomeOf(await maps.set(map, { key: field, data }, { limits, ...expected })),
      }),
      () => ({
        said: `unset ${field} of ${JSON.stringify(expected)}`,
        run: async () => {
          const nothing = trustedJsonText('null');
          return outcomeOf(await maps.remove(map, { key: field, data: nothing }, { limits, ...expected }));
        },
      }),
      () => ({
        said: 'page',
        run: async () => {
          const { state, top, next } = await maps.page(map, { after: 0, limit: 2 });
          return `${state.entries.map((entry) => `${entry.key}=${textOf(entry)}`).join(' ')}, next ${next}, up to ${at(top)}`;
        },
      }),
    );
  }
  if (wipe !== undefined && random.below(12) === 0) {
    calls.push(() => ({
      said: 'wipe',
      run: async () => {
        await wipe();
        return 'done';
      },
    }));
  }
  return random.pick(calls)();
}

function textOf({ data, offset }: Publication): string {
  return `${offset}:${payloadText(data)}`;
}
