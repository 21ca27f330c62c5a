/** The tests that mutants of authentication and permissions have to survive: those beside the code, and those of `test/auth`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: [{ find: /^fanfare$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
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
      // In this process; the other files there start servers of their own, in which there are no mutants.
      'test/auth/{claims-as-they-came,limits,permissions,refused-tokens,revocation}.test.ts',
    ],
    testTimeout: 30_000,
  },
});
