// @ts-check
/** The channels of a run: publications go to them in turn. */

/** @param {number} index */
export function channelName(index) {
  return `bench:${index}`;
}
