// @ts-check
/**
 * `npm run test:combinations`: the scenarios of the official client over each transport, in Node and in Chromium, with everything
 * that saves bytes on and off in each combination; arguments are passed on to vitest (`-- --project browser`).
 */
process.env.FANFARE_TEST_COMBINATIONS = 'all';
// The end of the name of each file that runs them.
process.argv.push('centrifuge.test.ts');
await import('../../scripts/test.mjs');
