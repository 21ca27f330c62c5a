/** The tests that mutants of authentication and permissions have to survive: those beside the code. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/engine/auth/*.test.ts',
      'src/engine/channels/permissions.test.ts',
      'src/engine/names/{capabilities,wildcard}.test.ts',
      'src/engine/operations/operations.test.ts',
      'src/engine/sessions/{admission,rates}.test.ts',
      'src/engine/time/token-bucket.test.ts',
      'src/server/jwt*.test.ts',
      'src/http/jwks.test.ts',
    ],
    testTimeout: 30_000,
    // One worker for all files of a mutant: starting one for each takes most of the time. Every mutant has a new one.
    isolate: false,
  },
});
