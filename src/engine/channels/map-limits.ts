/** What a rule lets the maps of its channels grow to. */

import type { MapLimits } from '../ports/map-store.js';
import type { Rule } from './rule.js';

/** `undefined`: the channel is no map. */
export function mapLimits({ pattern, map, stream }: Rule): MapLimits | undefined {
  return map && stream && { stream, maxKeys: map.maxKeys, maxBytes: map.maxBytes, countedAs: pattern.text };
}
