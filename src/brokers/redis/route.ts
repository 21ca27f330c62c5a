/** The way to whichever server has a channel. */

import type { Published } from '../../engine/ports/broker.js';
import type { OutgoingPublication } from './publish-command.js';
import type { Script } from './script.js';

/** Everything may reject with a FanfareError `ERR_BROKER`. */
export interface Route {
  /** Runs a function. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Runs a command of Redis. */
  send(command: readonly string[]): Promise<unknown>;
  /** The order of the calls is that of the stream. */
  publish(publication: OutgoingPublication): Promise<Published>;
  /** Resolves when what is published from then on arrives. */
  subscribe(bus: string): Promise<void>;
  unsubscribe(bus: string): Promise<void>;
}
