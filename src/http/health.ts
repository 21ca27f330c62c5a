/** Liveness and readiness, for orchestrators and load balancers. */

import { type HttpEndpoint, jsonReply } from './endpoint.js';

/** What readiness depends on. */
interface Readiness {
  /** Whether the node is about to go. */
  readonly admission: { readonly isLeaving: boolean };
  readonly brokerHealth: {
    /** Publications reach this node. */
    readonly isDelivering: boolean;
    /** The broker stores history and presence. */
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
      if (readiness.admission.isLeaving) return jsonReply(503, { status: 'draining' });
      const { isDelivering, isKeeping } = readiness.brokerHealth;
      if (!isDelivering) return jsonReply(503, { status: 'broker unreachable' });
      return isKeeping
        ? jsonReply(200, { status: 'ready' })
        : jsonReply(503, { status: 'broker takes nothing to be kept' });
    },
  };
}
