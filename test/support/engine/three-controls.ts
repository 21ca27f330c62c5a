/** The control channels of three brokers that see each other, for the suite of control channels. */

import type { ControlChannelsUnderTest } from '../../../src/conformance/index.js';
import { RecordedEvents } from '../../../src/conformance/recorded-events.js';
import type { Broker } from '../../../src/engine/ports/broker.js';

/** @param make a broker, not started, that shares its server and its prefix with the others */
export async function threeControls(
  make: () => Broker & { probe(): Promise<void> },
): Promise<ControlChannelsUnderTest> {
  const brokers = [make(), make(), make()] as const;
  await Promise.all(brokers.map((broker) => broker.start(new RecordedEvents())));
  const control = ({ name, control }: Broker) => {
    if (control === undefined) throw new Error(`${name} has no control channel`);
    return control;
  };
  const [a, b, c] = brokers;
  return {
    channels: [control(a), control(b), control(c)],
    settle: async () => {
      // What one has sent is at the others when it is at the server; what they have to say themselves comes after.
      for (const broker of [...brokers, ...brokers]) await broker.probe();
    },
    close: async () => void (await Promise.all(brokers.map((broker) => broker.close(0)))),
  };
}
