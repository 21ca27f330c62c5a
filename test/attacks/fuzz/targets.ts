/** All that is fuzzed, with so many inputs in CI. */

import { deliveries, jsonFrames, protobufFrames } from './codecs.js';
import { type AnyTarget, anyTarget } from './fuzzing.js';
import { pollingBodies } from './polling.js';
import { amqpMessages, busMessages, journal, logRecords, members } from './stored.js';

/** Those that need nothing but this process. */
export const targets: readonly AnyTarget[] = [
  anyTarget(jsonFrames),
  anyTarget(protobufFrames),
  anyTarget(deliveries),
  anyTarget(pollingBodies),
  anyTarget(busMessages),
  anyTarget(members),
  anyTarget(journal),
  anyTarget(amqpMessages),
  anyTarget(logRecords),
];
