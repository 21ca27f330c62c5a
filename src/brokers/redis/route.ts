/** How channels reach their server. */

import type { Published } from '../../engine/ports/broker.js';
import type { OutgoingPublication } from './publish-command.js';
import type { Script } from './script.js';

/** Every method may reject with a FanfareError `ERR_BROKER`. */
export interface Route {
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  send(command: readonly string[]): Promise<unknown>;
  /** The order of the calls is the order of the stream. */
  publish(publication: OutgoingPublication): Promise<Published>;
  /** Resolves when later publications arrive. */
  subscribe(bus: string): Promise<void>;
  unsubscribe(bus: string): Promise<void>;
}
