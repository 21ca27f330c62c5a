/** Sockets that go to another node each time, as a load balancer without stickiness would have it. */

import { WebSocket } from 'ws';
import { endpoint } from '../cli/handshake.js';
import type { ChaosNode } from './chaos-node.js';
import type { SeededRandom } from './seeded-random.js';

/** @returns a class for the `websocket` option of the official client */
export function dialler(
  nodes: readonly ChaosNode[],
  random: SeededRandom,
  onChosen: (name: string) => void = () => {},
) {
  return class extends WebSocket {
    constructor() {
      const up = nodes.filter(({ isUp }) => isUp);
      const chosen = random.pick(up.length > 0 ? up : nodes);
      onChosen(chosen.name);
      super(endpoint(chosen.url));
    }
  };
}
