/** The tests that mutants of authentication and permissions have to survive: those beside the code. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/engine/auth/*.test.ts',
      'src/engine/{admission,capabilities,permissions,rates,revocations,token-bucket,wildcard,operations}.test.ts',
      'src/server/jwt*.test.ts',
      'src/http/jwks.test.ts',
    ],
    testTimeout: 10_000,
  },
});
