/**
 * What the official client must be able to do with Fanfare, by name. The table needs no Node: the same scenarios run in
 * a page and over every transport, wherever there is a `ScenarioContext`.
 */

import { calls } from './centrifuge/calls.js';
import { connecting } from './centrifuge/connecting.js';
import type { Scenario } from './centrifuge/context.js';
import { recovery } from './centrifuge/recovery.js';
import { serverSide } from './centrifuge/server-side.js';
import { subscribing } from './centrifuge/subscribing.js';
import { subscriptionTokens } from './centrifuge/subscription-tokens.js';

/** By group and name. */
export const centrifugeScenarios: Readonly<Record<string, Readonly<Record<string, Scenario>>>> = {
  connecting,
  subscribing,
  'subscription tokens': subscriptionTokens,
  recovery,
  'server-side subscriptions': serverSide,
  calls,
};
