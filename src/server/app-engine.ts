/** What runs an application elsewhere than in its own node: its declarations, for nodes on another broker. */

import type { Revocations } from '../engine/auth/revocations.js';
import type { Node } from '../engine/node.js';
import type { Operations } from '../engine/operations/operations.js';
import type { Authenticator } from '../engine/ports/authenticator.js';
import type { Broker } from '../engine/ports/broker.js';
import type { Clock, Random } from '../engine/ports/clock.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import type { Logger } from '../engine/ports/logger.js';
import type { Observer } from '../engine/ports/observer.js';
import type { ClientGate } from '../transports/client-gate.js';
import { appEngineKey } from './app-engine-key.js';

/** What such a node has of its own. */
export interface OwnNodeParts {
  /** Default: the application's. */
  readonly auth?: Authenticator;
  readonly clock: Clock;
  readonly broker: Broker;
  readonly limits: Partial<EngineLimits>;
  readonly revocations: Revocations;
}

export interface AppEngine {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly auth: Authenticator;
  /** As the application gave them. */
  readonly limits: Partial<EngineLimits>;
  readonly observer: Observer | undefined;
  readonly hasSingleConnections: boolean;
  readonly gate: ClientGate;
  /** A node with the application's declarations, not started. @throws FanfareError `ERR_CONFIG` as `fanfare()` */
  makeNode(own: OwnNodeParts): Node;
  /** @throws FanfareError `ERR_CONFIG` if the limits and rules of the node contradict each other */
  check(node: Node): void;
  /** From now on the application's methods work with these. */
  use(operations: Operations): void;
}

/** @param app made by `fanfare()` */
export function engineOf(app: { readonly [appEngineKey]: unknown }): AppEngine {
  // safe: FanfareApp alone has the key
  return app[appEngineKey] as AppEngine;
}
