/** The change that removes a key of a map. */

import type { NewMapEntry } from '../engine/ports/map-store.js';
import { trustedJsonText } from '../model/json-text.js';
import type { NewPublication } from '../model/publication.js';

export const noData = trustedJsonText('null');

export function removalOf(entry: NewMapEntry): NewPublication {
  return { ...entry, data: noData, removed: true };
}
