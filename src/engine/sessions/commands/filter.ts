/** The filter by tags of a `subscribe`: whether the rule and the limits allow it. */

import { errorCodes } from '../../../model/codes.js';
import { depthOf, type FilterNode, tagsOf } from '../../../model/filter.js';
import { limitReached, notFilteredBy } from '../../channels/refusal-lines.js';
import type { TagFilter } from '../../filters/tag-filter.js';
import type { TagFilters } from '../../filters/tag-filters.js';
import { type Decision, refuse } from '../../ports/decision.js';
import type { EngineLimits } from '../../ports/limits.js';
import type { Target } from './target.js';

export interface FilterPorts {
  readonly filters: TagFilters;
  readonly limits: Pick<EngineLimits, 'maxFilterBytes' | 'maxFilterDepth'>;
}

const unfiltered = { ok: true, filter: undefined } as const;

/** 108 if the rule does not allow it, 106 if it is too large. */
export function filterFor(
  { filters, limits }: FilterPorts,
  { channel, rule }: Pick<Target, 'channel' | 'rule'>,
  node: FilterNode | undefined,
): Decision<{ readonly filter: TagFilter | undefined }> {
  if (node === undefined) return unfiltered;
  const { filterTags } = rule;
  if (filterTags !== 'any') {
    for (const tag of tagsOf(node)) {
      if (!filterTags.includes(tag)) return refuse(errorCodes.notAvailable, notFilteredBy({ channel, rule }, tag));
    }
  }
  const { maxFilterDepth, maxFilterBytes } = limits;
  if (depthOf(node) > maxFilterDepth) {
    return refuse(errorCodes.limitExceeded, limitReached('maxFilterDepth', maxFilterDepth));
  }
  const filter = filters.of(node);
  if (Buffer.byteLength(filter.text) > maxFilterBytes) {
    return refuse(errorCodes.limitExceeded, limitReached('maxFilterBytes', maxFilterBytes));
  }
  return { ok: true, filter };
}
