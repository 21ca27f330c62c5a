/** What a broker needs from its process. */

import type { Clock, Random } from '../engine/ports/clock.js';
import type { Logger } from '../engine/ports/logger.js';

export interface BrokerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
