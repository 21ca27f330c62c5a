/** The control channel that the engine's tests go by, against the suite of all control channels. */

import { describe, test } from 'vitest';
import { controlChannelSuite } from '../../src/conformance/index.js';
import { systemClock } from '../../src/server/system-ports.js';
import { ControlHub } from '../support/engine/control-hub.js';

controlChannelSuite({
  name: 'hub of the tests',
  framework: { describe, test },
  make: async () => {
    const hub = new ControlHub(systemClock);
    return { channels: [hub.connect(), hub.connect(), hub.connect()], close: async () => undefined };
  },
});
