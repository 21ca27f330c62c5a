/** A second of a load in which nothing is remarkable. */

import type { Second } from '../../../src/cli/load/result.js';

export const second: Second = {
  phase: 'measuring',
  atSec: 1,
  connections: 10,
  connectsPerSec: 0,
  deliveriesPerSec: 100,
  publicationsPerSec: 10,
  errors: 0,
  cpuShare: 0.3,
  lagMs: 2,
};
