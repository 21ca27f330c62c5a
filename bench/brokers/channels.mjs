// @ts-check
/** The channels of a run, which get publications in turn. */

/** @param {number} index */
export function channelName(index) {
  return `bench:${index}`;
}
