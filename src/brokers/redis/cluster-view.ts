/** What servers of a Redis Cluster say about who has which slots, and what follows from several of them. */

import * as v from 'valibot';
import type { Endpoint } from '../server-address.js';
import { numSlots } from './slots.js';

/** A range of slots that somebody has, as one server sees it. */
export interface Claim {
  readonly from: number;
  readonly to: number;
  readonly endpoint: Endpoint;
  /** A later claim to a slot has a higher one. */
  readonly epoch: number;
}

export interface ClusterView {
  readonly claims: readonly Claim[];
  /** All servers that were named, replicas too. */
  readonly endpoints: readonly Endpoint[];
}

const slot = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(numSlots - 1));
/** Host, port, id, and what is of no interest. */
const server = v.looseTuple([v.nullable(v.string()), v.pipe(v.number(), v.integer()), v.string()]);
const slotsAnswer = v.array(
  v.pipe(
    v.array(v.unknown()),
    v.transform(([from, to, ...servers]) => ({ from, to, servers })),
    v.object({ from: slot, to: slot, servers: v.pipe(v.array(server), v.minLength(1)) }),
  ),
);

/**
 * @param slots the answer to `CLUSTER SLOTS`, which has the servers' names as clients are to use them
 * @param nodes the answer to `CLUSTER NODES`, which has the epochs
 * @param asked the server that has answered, which may not know its own name
 * @throws Error when they are no such answers
 */
export function clusterView(slots: unknown, nodes: unknown, asked: Endpoint): ClusterView {
  const epochs = epochsOf(v.parse(v.string(), nodes));
  const endpointOf = ([host, port]: v.InferOutput<typeof server>): Endpoint => ({
    host: host === null || host === '' || host === '?' ? asked.host : host,
    port,
  });
  const claims: Claim[] = [];
  const endpoints: Endpoint[] = [];
  for (const { from, to, servers } of v.parse(slotsAnswer, slots)) {
    endpoints.push(...servers.map(endpointOf));
    const [primary] = servers;
    if (primary !== undefined) {
      claims.push({ from, to, endpoint: endpointOf(primary), epoch: epochs.get(primary[2]) ?? 0 });
    }
  }
  return { claims, endpoints };
}

/**
 * Who has each slot: whose claim has the highest epoch, as the servers themselves decide it. So one that has been cut off
 * from the others and has not heard of its successor misleads nobody.
 */
export function ownersOf(views: readonly ClusterView[]): (Endpoint | undefined)[] {
  const owners = new Array<Claim | undefined>(numSlots).fill(undefined);
  for (const claim of views.flatMap(({ claims }) => claims)) {
    for (let slot = claim.from; slot <= claim.to; slot++) {
      if (claim.epoch > (owners[slot]?.epoch ?? -1)) owners[slot] = claim;
    }
  }
  return owners.map((claim) => claim?.endpoint);
}

export function endpointName({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

/** Each line: id, address, flags, primary, ping, pong, epoch, … */
function epochsOf(nodes: string): Map<string, number> {
  const epochs = new Map<string, number>();
  for (const line of nodes.split('\n')) {
    const [id = '', , , , , , epoch] = line.split(' ');
    if (epoch !== undefined) epochs.set(id, Number(epoch));
  }
  return epochs;
}
