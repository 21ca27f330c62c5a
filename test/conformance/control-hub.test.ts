/** The control channel that the engine's tests go by, against the suite of all control channels. */

import { describe, test } from 'vitest';
import { controlChannelSuite } from '../../src/conformance/index.js';
import { ControlHub } from '../support/engine/control-hub.js';
import { FakeClock } from '../support/engine/fake-clock.js';

controlChannelSuite({
  name: 'hub of the tests',
  framework: { describe, test },
  make: async () => {
    const clock = new FakeClock();
    const hub = new ControlHub(clock);
    return {
      channels: [hub.connect(), hub.connect(), hub.connect()],
      settle: () => clock.advance(1),
      close: async () => undefined,
    };
  },
});
