/**
 * What the official client must be able to do with Fanfare, by name. The table needs no Node: the same scenarios run in
 * a page and over every transport, wherever there is a `ScenarioContext`.
 */

import { calls } from './calls.js';
import { connecting } from './connecting.js';
import type { Scenario } from './context.js';
import { fewerBytes } from './fewer-bytes.js';
import { filters } from './filters.js';
import { recovery } from './recovery.js';
import { serverSide } from './server-side.js';
import { subscribing } from './subscribing.js';
import { subscriptionTokens } from './subscription-tokens.js';

/** By group and name. */
export const centrifugeScenarios: Readonly<Record<string, Readonly<Record<string, Scenario>>>> = {
  connecting,
  subscribing,
  'subscription tokens': subscriptionTokens,
  recovery,
  filters,
  'server-side subscriptions': serverSide,
  calls,
  'fewer bytes': fewerBytes,
};
