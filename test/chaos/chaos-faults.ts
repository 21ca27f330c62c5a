/** What is done to a fleet, each with what it may cause; everything else that happens is a violation. */

import type { Direction } from '../support/network/fault-proxy.js';
import type { ChaosBroker } from './chaos-broker.js';
import type { ChaosNode } from './chaos-node.js';
import type { ChaosWorld, Disorder } from './chaos-world.js';

export interface ChaosFault {
  /** For people; begins with the fault's number. */
  readonly name: string;
  /** Nodes that are killed by it. */
  readonly kills: number;
  /** Whether it can be done with that broker. */
  fits?(broker: ChaosBroker): boolean;
  /** Ends when everything is as it was, and says what there is to say. */
  run(world: ChaosWorld): Promise<string>;
}

/** Long enough for a survivor to have been found, and for the checker to say that it was not. */
const survivorWaitMs = 6_500;

/** `kill -9` of nodes at random instants; each is started again when its clients are elsewhere. */
export function nodeKill(count = 1): ChaosFault {
  return {
    name: `F1 kill -9 of ${count === 1 ? 'a node' : `${count} nodes at once`}`,
    kills: count,
    async run(world) {
      await world.pass(world.random.below(1_000));
      const victims = some(world, count);
      const names = victims.map(({ name }) => name);
      await world.during(`F1 kill -9 of ${names.join(', ')}`, { kills: names }, async () => {
        await Promise.all(victims.map((node) => node.kill()));
        await world.until((audience) => audience.isElsewhere(names), survivorWaitMs);
        await Promise.all(victims.map((node) => node.startAgain()));
      });
      return `${names.join(', ')} killed`;
    },
  };
}

/** The broker is killed, is away for a while, and comes back with what it has kept. */
export function brokerRestart(awayMs: number): ChaosFault {
  return {
    name: `F2 restart of the broker, ${awayMs} ms away`,
    kills: 0,
    async run(world) {
      const { broker } = world;
      const effects = {
        cuts: world.nodes.map(({ name }) => name),
        losesHistory: broker.isPersistent ? 'some' : 'all',
        losesPresence: true,
      } as const;
      await world.during('F2 restart of the broker', effects, async () => {
        await broker.kill();
        if (!broker.isPersistent) await broker.erase?.();
        await world.during('F2 no broker', { stopsBroker: true }, () => world.pass(awayMs));
        await broker.startAgain();
      });
      return `${broker.isPersistent ? 'with' : 'without'} persistence`;
    },
  };
}

/** Nothing passes between nodes and broker, and nobody is told. */
export function blackHole(lastsMs: number, direction: Direction | 'both', who: 'one' | 'all'): ChaosFault {
  const way = direction === 'both' ? 'both ways' : direction === 'toServer' ? 'towards the broker' : 'from the broker';
  return {
    name: `F4 black hole of ${lastsMs / 1_000} s, ${way}, ${who === 'one' ? 'for one node' : 'for all'}`,
    kills: 0,
    async run(world) {
      const nodes = who === 'all' ? world.nodes : some(world, 1);
      const cuts = nodes.map(({ name }) => name);
      const set = (blackHole: boolean) => {
        for (const { way } of nodes) {
          if (direction === 'both') way.setFaults({ blackHole });
          else way.setFaults({ blackHole }, direction);
        }
      };
      await ordering(world, nodes[0], (beginOrder) =>
        world.during(`F4 black hole (${way})`, { cuts }, async () => {
          set(true);
          const work = async () => {
            beginOrder();
            await world.pass(lastsMs);
          };
          if (who === 'all') await world.during('F4 no way to the broker', { stopsBroker: true }, work);
          else await work();
          set(false);
        }),
      );
      return cuts.join(', ');
    },
  };
}

const reconnectWaitMs = 10_000;

/** Only one of the connections that a node has with the broker is a black hole. */
export function partialCut(purpose: string, lastsMs: number): ChaosFault {
  return {
    name: `F5 only the connection for ${purpose} cut, for ${lastsMs / 1_000} s`,
    kills: 0,
    fits: ({ purposes }) => purposes?.includes(purpose) === true,
    async run(world) {
      const [node] = some(world, 1);
      // After the fault before, it may be about to connect again.
      await world.until(() => node.way.numOf(purpose) > 0, reconnectWaitMs);
      await ordering(world, node, (beginOrder) =>
        world.during(`F5 ${purpose} of ${node.name} cut`, { cuts: [node.name] }, async () => {
          if (node.way.setFaultsOf(purpose, { blackHole: true }) === 0) throw new Error(`no connection for ${purpose}`);
          beginOrder();
          await world.pass(lastsMs);
          node.way.setFaultsOf(purpose, undefined);
        }),
      );
      return node.name;
    },
  };
}

/** SIGSTOP, and SIGCONT after a while. */
export function nodePause(lastsMs: number): ChaosFault {
  return {
    name: `F6 SIGSTOP of a node for ${lastsMs / 1_000} s`,
    kills: 0,
    async run(world) {
      const [node] = some(world, 1);
      // Its entries expire meanwhile, and it has to bring them back.
      const losesPresence = lastsMs > presenceExpiryMs / 2;
      await world.during(`F6 SIGSTOP of ${node.name}`, { silences: [node.name], losesPresence }, async () => {
        node.pause();
        await world.pass(lastsMs);
        node.resume();
      });
      return node.name;
    },
  };
}

const presenceExpiryMs = 60_000;

/** On a busy machine it takes a while until all threads of a process have heard that they are to stop. */
const signalMs = 250;

export function brokerPause(lastsMs: number): ChaosFault {
  return {
    name: `F6 SIGSTOP of the broker for ${lastsMs / 1_000} s`,
    kills: 0,
    async run(world) {
      const cuts = world.nodes.map(({ name }) => name);
      // Its own clock goes on.
      const losesPresence = lastsMs > presenceExpiryMs / 2;
      await world.during('F6 SIGSTOP of the broker', { cuts, losesPresence }, async () => {
        world.broker.pause();
        await world.pass(signalMs);
        await world.during('F6 the broker stands still', { stopsBroker: true }, () => world.pass(lastsMs));
        world.broker.resume();
      });
      return '';
    },
  };
}

/** By F12. */
const exitLimitMs = 30_000;

/** SIGTERM node by node, each of which is started again when it has ended. It excuses nothing. */
export function rollingDeploy(): ChaosFault {
  return {
    name: 'F12 rolling deploy',
    kills: 0,
    async run(world) {
      let longestMs = 0;
      for (const node of world.nodes) {
        await world.during(`F12 ${node.name} is replaced`, {}, async () => {
          const { code, tookMs } = await node.leave();
          if (code !== 0 || tookMs > exitLimitMs) {
            throw new Error(`${node.name} ended with ${code} after ${tookMs} ms: ${node.log.slice(-4_000)}`);
          }
          longestMs = Math.max(longestMs, tookMs);
          await node.startAgain();
        });
        await world.untilSettled();
      }
      return `nodes ended within ${Math.round(longestMs)} ms`;
    },
  };
}

/** One in ten publications comes twice, late, or not at all. */
export function disorder(kinds: readonly Disorder[], lastsMs: number): ChaosFault {
  const words = { repeat: 'repeated', hold: 'reordered', drop: 'dropped' };
  return {
    name: `F19 deliveries ${kinds.map((kind) => words[kind]).join(', ')} for ${lastsMs / 1_000} s`,
    kills: 0,
    fits: (broker) => broker.disorder !== undefined,
    async run(world) {
      // It excuses nothing.
      await world.during('F19', {}, async () => {
        world.disorder = kinds;
        await world.pass(lastsMs);
        world.disorder = [];
      });
      return '';
    },
  };
}

/** While the node is cut off, a client of it is ordered away by another node; in the end somebody takes its place. */
async function ordering(world: ChaosWorld, node: ChaosNode | undefined, work: (begin: () => void) => Promise<void>) {
  let ordered: Promise<string | undefined> = Promise.resolve(undefined);
  await work(() => {
    if (node !== undefined) ordered = world.disconnectSomebodyOf(node);
  });
  const subscriber = await ordered;
  if (subscriber === undefined) return;
  await world.until((audience) => audience.isGone(subscriber), orderWaitMs);
  world.audience.replace(subscriber);
}

/** The order has had its effect by then, or the checker has said that it had not. */
const orderWaitMs = 6_500;

function some(world: ChaosWorld, count: number): [ChaosNode, ...ChaosNode[]] {
  const left = [...world.nodes];
  const first = world.random.pick(left);
  const chosen: [ChaosNode, ...ChaosNode[]] = [first];
  left.splice(left.indexOf(first), 1);
  while (chosen.length < count) {
    const next = world.random.pick(left);
    left.splice(left.indexOf(next), 1);
    chosen.push(next);
  }
  return chosen;
}
