/**
 * How long tests wait for what is bound to come, where they say nothing else. Vitest's own second is less than what a machine
 * with other work takes for a garbage collection and a process to be given its turn, and a test that passes never waits longer.
 */

import { vi } from 'vitest';

/** Less than the time that a test has at least, so that what was waited for is told. */
const patienceMs = 20_000;

// Where files are not isolated, this one is run for each.
if (vi.waitFor.name !== 'waitPatiently') {
  const { waitFor } = vi;
  vi.waitFor = function waitPatiently(check, options = {}) {
    return waitFor(check, typeof options === 'number' ? options : { timeout: patienceMs, ...options });
  };
}
