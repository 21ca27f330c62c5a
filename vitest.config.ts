/**
 * Test projects: `unit` beside the code, `runtime` for what depends on the version of Node, `protocol` for what is said over
 * its connections, `integration` for all else that has real sockets and processes, `fleets` for several nodes with real
 * brokers and proxies under faults, `browser` for Chromium, `types`. Where files are not isolated, modules are loaded once
 * per worker: a third of the time of `unit`.
 * Two cores are kept at work by as many workers as a project's tests leave time of. Projects with as many are one group,
 * whose files run side by side; groups follow each other.
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
/**
 * Commands, the API's methods, the typed client's channels, the counts of loads: bytes that mean the same on every Node,
 * over connections that the files of `runtime` look at themselves. They run on the least Node and on the newest.
 */
const protocol = [
  'test/centrifuge/**/*.test.ts',
  'test/http-api/!(cent|gocent|bad-requests|listeners).test.ts',
  'test/client/{channels,deltas,dictionary,live-room,maps,react,recovery-pages,streams}.test.{ts,tsx}',
  'test/cli/{load/**/*,examples,explain-token,migrate,plan,spec,usage}.test.ts',
  'test/transports/{data-as-it-came,recovery-room,refused-commands,streaming/{http-stream,sse}-centrifuge}.test.ts',
];
/** Sockets, HTTP, TLS, streams, compression, timers and processes; not proxies, consumers in other languages and long faults. */
const runtime = [
  'test/{attach,cli,client,hooks,http-api,one-way,tls,transports,upgrades,workers}/**/!(proxies|event-readers|cent|gocent|hook-backend-faults|lossy-network|dropped-packets|protobuf-centrifuge).test.{ts,tsx}',
  'test/hardening/tcp-http-upgrade.test.ts',
];
const inBrowser = ['test/browser/**/*.test.ts', 'test/**/browser.test.ts'];

/** Several processes of their own, which are at work while the test waits. */
const manyProcesses = { maxWorkers: 3, sequence: { groupOrder: 0 } };
/** They wait for more than half of their time. */
const mostlyWaiting = { maxWorkers: 4, sequence: { groupOrder: 1 } };
const computing = { maxWorkers: 2, sequence: { groupOrder: 2 } };

/** Whoever waits does so for as long as it says, or for what is bound to come: not for a second, which busy machines take at times. */
const patience = { setupFiles: ['test/support/patience.ts'], expect: { poll: { timeout: 20_000 } } };

/** A folder in which runs of the same sources find what the first of them has compiled; a renamed file would be missed. */
const compiled = process.env.COMPILED_TESTS;

export default defineConfig({
  test: {
    ...(compiled !== undefined && { experimental: { fsModuleCache: true, fsModuleCachePath: compiled } }),
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
          ...patience,
          // For what hangs. Properties and whole programs are compiled and run beside other work.
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'runtime',
          include: runtime,
          exclude: [...inBrowser, ...protocol],
          isolate: false,
          ...mostlyWaiting,
          ...patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'protocol',
          include: protocol,
          isolate: false,
          ...mostlyWaiting,
          ...patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [...inBrowser, ...fleets, ...runtime, ...protocol],
          ...mostlyWaiting,
          ...patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'fleets',
          include: fleets,
          ...manyProcesses,
          ...patience,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          include: inBrowser,
          ...manyProcesses,
          ...patience,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
