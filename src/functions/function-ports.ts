/** What all that functions do is made with. */

import type { Revocations } from '../engine/auth/revocations.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import type { AppEngine } from '../server/app-engine.js';
import type { FunctionStore } from './function-store.js';
import type { FunctionTimes } from './function-times.js';
import type { Gateway } from './gateway.js';

export interface FunctionPorts {
  readonly engine: AppEngine;
  readonly store: FunctionStore;
  readonly gateway: Gateway;
  readonly limits: EngineLimits;
  readonly times: FunctionTimes;
  /** Those of the store, as far as this process has read them. */
  readonly revocations: Revocations;
}
