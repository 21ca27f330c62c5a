/** Liveness and readiness, for orchestrators and load balancers. */

import { type HttpEndpoint, jsonReply } from './endpoint.js';

/** What readiness depends on. */
interface Readiness {
  /** The node is about to go. */
  readonly isLeaving: boolean;
  readonly brokerHealth: {
    /** What is published reaches this node. */
    readonly isDelivering: boolean;
    /** What has to be kept is taken. */
    readonly isKeeping: boolean;
  };
}

/** The process runs and its event loop turns. */
export const liveEndpoint: HttpEndpoint = {
  method: 'GET',
  path: '/health/live',
  respond: () => jsonReply(200, { status: 'live' }),
};

/** 503 as soon as no new client should be sent here. */
export function readyEndpoint(readiness: Readiness): HttpEndpoint {
  return {
    method: 'GET',
    path: '/health/ready',
    respond: () => {
      if (readiness.isLeaving) return jsonReply(503, { status: 'draining' });
      const { isDelivering, isKeeping } = readiness.brokerHealth;
      if (!isDelivering) return jsonReply(503, { status: 'broker unreachable' });
      return isKeeping
        ? jsonReply(200, { status: 'ready' })
        : jsonReply(503, { status: 'broker takes nothing to be kept' });
    },
  };
}
