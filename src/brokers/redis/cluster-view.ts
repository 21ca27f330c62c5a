/** Parses the slots in answers of Redis Cluster servers, and combines several answers. */

import * as v from 'valibot';
import type { Endpoint } from '../server-address.js';
import { numSlots } from './slots.js';

/** A range of slots and its owner, according to one server. */
export interface Claim {
  readonly from: number;
  readonly to: number;
  readonly endpoint: Endpoint;
  /** Of two claims to a slot, the later one has the higher epoch. */
  readonly epoch: number;
}

export interface ClusterView {
  readonly claims: readonly Claim[];
  /** All servers in the answer, replicas included. */
  readonly endpoints: readonly Endpoint[];
}

const slot = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(numSlots - 1));
/** Host, port, id, and ignored fields. */
const server = v.looseTuple([v.nullable(v.string()), v.pipe(v.number(), v.integer()), v.string()]);
const slotsAnswer = v.array(
  v.pipe(
    v.array(v.unknown()),
    v.transform(([from, to, ...servers]) => ({ from, to, servers })),
    v.object({ from: slot, to: slot, servers: v.pipe(v.array(server), v.minLength(1)) }),
  ),
);

/**
 * @param slots the answer to `CLUSTER SLOTS`, with the servers' names for clients
 * @param nodes the answer to `CLUSTER NODES`, with the epochs
 * @param asked the server that answered, which may not know its own name
 * @throws Error for invalid answers
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
 * The owner of each slot: the claim with the highest epoch wins, as in Redis itself. So a server that was cut off and
 * does not know its successor does no harm.
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
