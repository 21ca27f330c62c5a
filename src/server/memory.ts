/** The default broker, as an option of `fanfare()`. */

import { MemoryBroker, type MemoryBrokerOptions } from '../brokers/memory/broker.js';
import type { BrokerFactory } from './options.js';

/**
 * Keeps history and presence in this process; for one node.
 *
 * @example const app = fanfare({ broker: memory(), channels });
 */
export function memory(options: Omit<MemoryBrokerOptions, 'clock' | 'random'> = {}): BrokerFactory {
  return ({ clock, random }) => new MemoryBroker({ ...options, clock, random });
}
