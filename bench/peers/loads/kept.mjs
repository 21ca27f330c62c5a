// @ts-check
/** Publications without subscribers to a channel whose history is full. */

/**
 * @param {{ size: number, publications: number, quickPublications: number }} load
 * @returns {import('../scenarios.mjs').Scenario['run']}
 */
export function kept({ size, publications, quickPublications }) {
  return async (pair, quick) => {
    const wanted = quick ? quickPublications : publications;
    await pair.start({ historySize: size });
    // The history is full, and the code compiled.
    await pair.fill(size + wanted);
    await pair.collectGarbage();
    const use = await pair.measured(() => pair.fill(wanted));
    return { figures: { cpuUs: use.cpuUs / wanted }, use };
  };
}
