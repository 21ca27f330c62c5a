/** Mutation tests of what decides who may do what: `npm run test:mutation`, nightly. Below 90 % it fails. */

export default {
  testRunner: 'vitest',
  // A mutant in what a module does when it is imported gets only the tests that import it, not all.
  vitest: { configFile: 'vitest.mutation.config.ts', related: true },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [
    'src/engine/auth/*.ts',
    'src/engine/channels/permissions.ts',
    'src/engine/names/{capabilities,wildcard}.ts',
    'src/engine/sessions/{admission,rates}.ts',
    'src/engine/time/token-bucket.ts',
    'src/server/jwt.ts',
    'src/http/jwks.ts',
    '!src/**/*.test.ts',
  ],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 15,
  ignoreStatic: false,
  // The sandbox is a copy; what no test needs stays out of it.
  ignorePatterns: ['dist', 'bench/results', '.cache', 'deploy', 'examples'],
  tempDirName: '.cache/stryker',
  reporters: ['clear-text', 'json', 'progress'],
  jsonReporter: { fileName: '.cache/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: 90 },
};
