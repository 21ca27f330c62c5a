/** The broker inside the node's process: it ends with it. */

import { MemoryBroker } from '../../../../src/brokers/memory/broker.js';
import type { BrokerPorts } from '../../../../src/brokers/ports.js';
import type { Broker } from '../../../../src/engine/ports/broker.js';
import type { SimProcess } from '../../time/sim-process.js';
import type { BrokerServer, Loss } from '../broker-server.js';

export class MemoryServer implements BrokerServer {
  readonly kind = 'memory';
  readonly purposes = [];
  readonly losses: readonly Loss[] = [];
  readonly keepsPresence = true;
  readonly hasMaps = true;
  readonly numHeld = 0;

  broker(_process: SimProcess, { clock, random }: BrokerPorts): Broker {
    return new MemoryBroker({ clock, random });
  }
}
