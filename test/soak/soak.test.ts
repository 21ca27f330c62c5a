/**
 * G11: what clients of all transports, slow readers and restarts have taken is given back, and nothing is lost meanwhile: the short
 * form of `npm run soak`. In so short a time the heap still grows for reasons of its own, so it gets more room here.
 */

import { expect, test } from 'vitest';
import { redisIsMissing } from '../support/brokers/redis-server.js';
import { pictureOf } from './curves.js';
import { pageOf } from './report.js';
import { runSoak, type SoakOptions } from './soak.js';

const options: SoakOptions = {
  seed: 1,
  stormSize: 50,
  warmUpMs: 500,
  loadMs: 2_500,
  restartEveryMs: 1_000,
  sampleEveryMs: 250,
  churnPerSec: 20,
  members: 12,
  slowReadersPerChannel: 1,
  roundsPerSec: 10,
  bulkBytes: 60_000,
  // Longer than a busy machine stands still: what is forgotten in the middle begins anew, and clients are told so.
  keepSec: 3,
  lookEveryMs: 100,
  settleMs: 60_000,
  tolerance: 0.5,
};

test.skipIf(redisIsMissing())(
  'G1, G2, G11: all transports, slow readers, churn and restarts over Redis',
  { timeout: 400_000 },
  async () => {
    const outcome = await runSoak(options);
    expect(outcome.violations).toEqual([]);
    expect(outcome.restartsSec.length).toBeGreaterThanOrEqual(1);
    expect(outcome.verdict.deliveries).toBeGreaterThan(50);
    expect(outcome.clients).toBeGreaterThan(options.members);
    const page = pageOf(outcome, options, 'a machine');
    expect(page).toContain('Everything that was taken was given back');
    expect(page.match(/<svg/g)).toHaveLength(7);
    // One file: nothing is loaded from elsewhere.
    expect(page).not.toMatch(/<(?:script|link|img)\b|https?:/);
    const picture = pictureOf(outcome);
    expect(picture.match(/<polyline/g)).toHaveLength(5);
    // What a screen reader says of it.
    expect(picture).toMatch(/<title>[^<]+<\/title>/);
  },
);
