/** Asks servers of a Redis Cluster which of them has which slots. */

import type { Clock } from '../../engine/ports/clock.js';
import { withTimeLimit } from '../../engine/time/time-limit.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Endpoint } from '../server-address.js';
import type { Address } from './address.js';
import type { Client, Library } from './client-library.js';
import type { Member } from './cluster-members.js';
import { type ClusterView, clusterView, endpointName } from './cluster-view.js';
import { dialer } from './dialer.js';

/** Slower servers are ignored. */
const answerLimitMs = 1_500;

interface ClusterSurveyPorts {
  readonly address: Address;
  readonly load: () => Promise<Library>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export class ClusterSurvey {
  /** Servers of the address, then the last known ones. */
  readonly #seeds: readonly Endpoint[];
  #heardOf: readonly Endpoint[] = [];

  constructor(private readonly ports: ClusterSurveyPorts) {
    this.#seeds = ports.address.endpoints;
  }

  /** The answer of the first server that can be reached, over a new connection. @throws the last one's error */
  async first(): Promise<ClusterView> {
    let cause: unknown;
    const unique = new Map([...this.#seeds, ...this.#heardOf].map((endpoint) => [endpointName(endpoint), endpoint]));
    for (const endpoint of unique.values()) {
      try {
        return this.#remembered(await this.#dialled(endpoint));
      } catch (error) {
        cause = error;
      }
    }
    throw cause;
  }

  /** The answers of all servers that answer in time; if none does, the answer of the first that can be reached. */
  async all(members: readonly Member[]): Promise<ClusterView[]> {
    const views: ClusterView[] = [];
    const questions = members
      .filter(({ shard }) => shard.isUp)
      .map(async ({ shard, endpoint }) => {
        const answers = Promise.all([shard.send(['CLUSTER', 'SLOTS']), shard.send(['CLUSTER', 'NODES'])]);
        const [slots, nodes] = await withTimeLimit(this.ports.clock, answerLimitMs, shard.name, answers);
        views.push(this.#remembered(clusterView(slots, nodes, endpoint)));
      });
    await Promise.allSettled(questions);
    return views.length > 0 ? views : [await this.first()];
  }

  async #dialled(endpoint: Endpoint): Promise<ClusterView> {
    const { address, timeoutMs, clock } = this.ports;
    const client: Client = await dialer({ ...address, endpoints: [endpoint] }, this.ports).dial();
    // Errors are reported by the failing call.
    client.on('error', () => undefined);
    const work = async () => {
      await client.connect();
      return Promise.all([client.sendCommand(['CLUSTER', 'SLOTS']), client.sendCommand(['CLUSTER', 'NODES'])]);
    };
    try {
      const [slots, nodes] = await withTimeLimit(clock, timeoutMs, endpointName(endpoint), work());
      return clusterView(slots, nodes, endpoint);
    } finally {
      client.destroy();
    }
  }

  /** @throws FanfareError `ERR_BROKER` when no server has any slot */
  #remembered(view: ClusterView): ClusterView {
    if (view.claims.length === 0) throw new FanfareError('ERR_BROKER', 'redis: nobody in the cluster has any slots');
    this.#heardOf = view.endpoints;
    return view;
  }
}
