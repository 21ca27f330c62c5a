/**
 * Test projects: `unit` beside the code, `runtime` for what depends on the version of Node, `integration` for all else that
 * has real sockets and processes, `fleets` for several nodes with real brokers and proxies under faults, `browser` for
 * Chromium, `types`. Where files are not isolated, modules are loaded once per worker: a third of the time of `unit`.
 * As many workers as keep two cores at work: those of most projects wait for half of their time, `runtime` for more, `unit`
 * for nothing. Projects with as many are one group; groups follow each other.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/longest-first.mjs';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Tests and examples write `fanfare/client`, as users do, and get the sources. */
const alias = [
  { find: /^fanfare$/, replacement: source('index.ts') },
  {
    find: /^fanfare\/(client|client\/protobuf|client\/dictionary|client\/streams|react|ai-sdk|aws|conformance)$/,
    replacement: source('$1/index.ts'),
  },
  { find: /^fanfare\/(redis|nats|rabbitmq)$/, replacement: source('brokers/$1/index.ts') },
];

const fleets = ['test/{chaos,cluster,deploy}/**/*.test.ts'];
/** Sockets, HTTP, TLS, processes and the official client; not proxies, consumers in other languages and long faults. */
const runtime = [
  'test/{attach,centrifuge,cli,client,hooks,http-api,one-way,tls,transports,upgrades,workers}/**/!(proxies|event-readers|cent|gocent|hook-backend-faults|lossy-network|dropped-packets|protobuf-centrifuge).test.{ts,tsx}',
  'test/hardening/tcp-http-upgrade.test.ts',
];
const mostlyWaiting = { maxWorkers: 4, sequence: { groupOrder: 1 } };
const halfWaiting = { maxWorkers: 3, sequence: { groupOrder: 0 } };
const computing = { maxWorkers: 2, sequence: { groupOrder: 2 } };
const inBrowser = ['test/browser/**/*.test.ts', 'test/**/browser.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    retry: 0,
    coverage: { provider: 'v8', include: ['src/**'], exclude: ['src/**/*.test.{ts,tsx}', 'src/**/index.ts'] },
    projects: [
      {
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.{ts,tsx}'],
            tsconfig: 'tsconfig.types.json',
            ignoreSourceErrors: false,
          },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['src/**/*.test.{ts,tsx}', '{console,scripts,bench,examples}/**/*.test.ts'],
          isolate: false,
          ...computing,
          // For what hangs. Properties and whole programs are compiled and run beside other work.
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'runtime',
          include: runtime,
          exclude: inBrowser,
          isolate: false,
          ...mostlyWaiting,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...inBrowser, ...fleets, ...runtime],
          ...halfWaiting,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'fleets', include: fleets, ...halfWaiting, testTimeout: 30_000, hookTimeout: 30_000 },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          include: inBrowser,
          ...halfWaiting,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
