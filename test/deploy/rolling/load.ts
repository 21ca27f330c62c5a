/** A fleet with a broker behind a proxy, with many clients that read what a backend publishes, while something is done. */

import { setTimeout as pause } from 'node:timers/promises';
import { defined } from '../../../src/model/defined.js';
import { type BrokerServerKind, brokerServers } from '../../support/brokers/servers.js';
import type { DeployedOptions, DeployedProxy, Deployment } from '../deployed-proxy.js';
import { Fleet } from '../fleet.js';
import { feedRule, Publisher } from './publisher.js';
import { Swarm, type SwarmOutcome, type SwarmSize } from './swarm.js';

export interface LoadOptions extends SwarmSize {
  readonly deployment: Deployment;
  /** Default: Redis. */
  readonly broker?: BrokerServerKind;
  /** The file of deploy/ that names the nodes. */
  readonly nodes: string;
  readonly publicationsPerSec: number;
  /** At which a node sends its clients away. */
  readonly clientsPerSec: number;
  /** `shutdown.delay` */
  readonly delay: string;
  /** `shutdown.deadline` */
  readonly deadline: string;
  readonly limits?: DeployedOptions['limits'];
  /** The command of the version that the fleet begins with. Default: this one. */
  readonly oldScript?: string;
  /** How long all is left as it is, before and after what is done. */
  readonly calmMs: number;
  /** Told what is done, with the figures of the last second. */
  readonly onProgress?: (step: string, second: Second | undefined) => void;
}

/** What happened within one second. */
export interface Second {
  /** Its begin, by the clock of the wall. */
  readonly atMs: number;
  /** At its end. */
  readonly connected: number;
  readonly deliveries: number;
  readonly publications: number;
}

export interface LoadOutcome extends SwarmOutcome {
  /** By channel. */
  readonly published: readonly number[];
  readonly seconds: readonly Second[];
}

/** What can be done with it. */
export interface UnderLoad {
  readonly fleet: Fleet;
  readonly proxy: DeployedProxy;
  readonly swarm: Swarm;
  /** Says what is done, and does it. */
  step<T>(name: string, act: () => Promise<T>): Promise<T>;
  calm(): Promise<void>;
  /** Resolves when everyone is connected, or nobody can be expected to come any more. */
  allBack(): Promise<void>;
}

const askEveryMs = 100;
/** Beyond which something hangs. */
const patienceMs = 60_000;

/** @param act begins and ends in calm */
export async function runUnderLoad<Done>(
  options: LoadOptions,
  act: (load: UnderLoad) => Promise<Done>,
): Promise<LoadOutcome & { readonly done: Done }> {
  const { deployment, broker = brokerServers.redis, nodes, limits, oldScript, numChannels } = options;
  const { onProgress = () => undefined } = options;
  await using brokerServer = await broker.start();
  const shutdown = ['--shutdown-clients-per-sec', String(options.clientsPerSec), '--shutdown-delay', options.delay];
  await using fleet = await Fleet.start(['--broker', brokerServer.url, '--log-level', 'warn', ...shutdown], {
    channels: JSON.stringify({ 'feed:{n}': feedRule }),
    shutdownDeadline: options.deadline,
    ...defined({ script: oldScript }),
  });
  await using proxy = await deployment.start({ nodePorts: fleet.nodePorts, nodes, ...defined({ limits }) });
  let current = 'clients come';
  const step: UnderLoad['step'] = (name, acts) => {
    current = name;
    return acts();
  };
  await using swarm = await Swarm.open(proxy, options, () => onProgress(current, undefined));
  await using publisher = new Publisher({
    broker: broker.at(brokerServer.url),
    numChannels,
    perSec: options.publicationsPerSec,
  });
  using seconds = new Seconds(swarm, publisher, (second) => onProgress(current, second));
  const calm = () => step('all is calm', () => pause(options.calmMs));
  const allBack = async () => {
    const beganMs = Date.now();
    while ((await swarm.figures()).connected < options.clients && Date.now() - beganMs < patienceMs)
      await pause(askEveryMs);
  };
  await calm();
  const done = await act({ fleet, proxy, swarm, step, calm, allBack });
  await calm();
  const published = await publisher.stop();
  const outcome = await step('the last publications arrive', () => untilRead(swarm, published));
  return { done, published, seconds: seconds.all, ...outcome };
}

class Seconds implements Disposable {
  readonly all: Second[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(swarm: Swarm, publisher: Publisher, tell: (second: Second) => void) {
    let last = { deliveries: 0, publications: 0 };
    this.#timer = setInterval(() => {
      const { connected, deliveries } = swarm.lastFigures;
      const publications = publisher.numPublished;
      const second = {
        atMs: Date.now() - 1_000,
        connected,
        deliveries: deliveries - last.deliveries,
        publications: publications - last.publications,
      };
      last = { deliveries, publications };
      this.all.push(second);
      tell(second);
    }, 1_000);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Or until nothing more can be expected. */
async function untilRead(swarm: Swarm, published: readonly number[]): Promise<SwarmOutcome> {
  const beganMs = Date.now();
  for (;;) {
    const outcome = await swarm.outcome();
    const isRead = outcome.readers.every(({ channel, last }) => last >= (published[channel] ?? 0));
    if (isRead || Date.now() - beganMs > patienceMs / 3) return outcome;
    await pause(askEveryMs);
  }
}
