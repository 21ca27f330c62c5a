// @ts-check
/** The files that depend on several choices: package.json, compose.yaml and README.md. */

import { resolve } from 'node:path';

/** @typedef {import('./write-project.js').Project} Project */

/** With what projects are tested; a test holds them against the versions of this repository. */
export const versions = {
  '@hono/node-server': '^2.1.9',
  '@redis/client': '^6.3.1',
  '@types/express': '^5.0.6',
  '@types/node': '^22.0.0',
  '@types/react': '^19.3.0',
  '@types/react-dom': '^19.3.0',
  esbuild: '^0.28.2',
  express: '^5.3.0',
  fastify: '^5.12.8',
  hono: '^4.13.19',
  next: '^16.0.0',
  react: '^19.3.1',
  'react-dom': '^19.3.1',
  typescript: '^6.0.3',
  zod: '^4.6.7',
};

/** @typedef {keyof typeof versions} Dependency */

/** @type {Readonly<Record<import('./choices.js').Host, { needs: readonly Dependency[], types: readonly Dependency[] }>>} */
const ofHost = {
  server: { needs: [], types: [] },
  express: { needs: ['express'], types: ['@types/express'] },
  fastify: { needs: ['fastify'], types: [] },
  hono: { needs: ['@hono/node-server', 'hono'], types: [] },
  next: { needs: ['next', 'react', 'react-dom'], types: ['@types/react', '@types/react-dom'] },
};

/** @param {readonly Dependency[]} names */
function versionsOf(names) {
  return Object.fromEntries([...names].sort().map((name) => [name, versions[name]]));
}

/**
 * @param {string} name
 * @param {Project} project
 * @param {string} version of this package
 */
export function manifest(name, { host, broker, fanfare }, version) {
  const isNext = host === 'next';
  const { needs, types } = ofHost[host];
  const wanted = fanfare ?? `^${version}`;
  const spec = wanted.endsWith('.tgz') ? `file:${resolve(wanted)}` : wanted;
  return {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    // Runs TypeScript itself.
    engines: { node: '>=22.18' },
    scripts: {
      ...(isNext
        ? { start: 'node start.mjs', build: 'next build' }
        : {
            start: 'npm run build && node src/main.ts',
            build: 'esbuild page/main.ts --bundle --minify --format=esm --outfile=public/main.js',
          }),
      test: 'node --test "test/*.test.ts"',
      check: 'tsc',
    },
    dependencies: {
      fanfare: spec,
      ...versionsOf(['zod', ...needs, ...(broker === 'redis' ? /** @type {const} */ (['@redis/client']) : [])]),
    },
    devDependencies: versionsOf([
      '@types/node',
      'typescript',
      ...types,
      ...(isNext ? [] : /** @type {const} */ (['esbuild'])),
    ]),
  };
}

/** @param {Project} project */
export function composeFile({ host, broker }) {
  const isRedis = broker === 'redis';
  const redis = isRedis
    ? `
  redis:
    image: redis:7.4-bookworm
    command: [redis-server, --save, "", --appendonly, "no", --maxmemory-policy, noeviction]
    restart: unless-stopped
    healthcheck:
      test: [CMD, redis-cli, ping]
      interval: 2s
      timeout: 2s
      retries: 15
`
    : '';
  const environment = [
    '      HOST: 0.0.0.0',
    ...(isRedis ? ['      REDIS_URL: redis://redis:6379'] : []),
    ...(host === 'next' ? ['      ORIGINS: http://localhost:3000'] : []),
  ];
  return `# docker compose up --build

services:
  server:
    build: .
    ports: ["8000:8000"]
    environment:
${environment.join('\n')}
${isRedis ? '    depends_on:\n      redis: { condition: service_healthy }\n' : ''}    restart: unless-stopped
    # Longer than the 10 seconds that the server takes to close its clients.
    stop_grace_period: 15s
${redis}`;
}

const about = {
  chat: 'A room in which everybody reads and writes, with its history: `src/app.ts` has its rule and the schema of its messages.',
  dashboard:
    'Values that the server publishes every second, and their last minute: `src/app.ts` has the rule and the source.',
  game: 'Players who move, and a server that publishes where they are 20 times a second: `src/app.ts` has the tick.',
};

const beside = {
  server: 'Fanfare on a server of Node: `src/server.ts`.',
  express: 'Fanfare beside Express: `src/server.ts` has its routes.',
  fastify: 'Fanfare beside Fastify: `src/server.ts` has its routes.',
  hono: 'Fanfare beside Hono: `src/server.ts` has its routes.',
  next: 'Pages by Next.js (`app/`, port 3000) and Fanfare as a process of its own (`src/`, port 8000): Next.js does not serve WebSocket.',
};

/**
 * @param {string} name
 * @param {Project} project
 */
export function readme(name, { kind, host, broker }) {
  const url = host === 'next' ? 'http://localhost:3000' : 'http://127.0.0.1:8000';
  const several =
    broker === 'redis'
      ? 'With `REDIS_URL` several processes are one server: `src/broker.ts`. Without it, as in tests, each is alone.'
      : 'One process, without anything else. For several, see `src/broker.ts`.';
  return `# ${name}

${about[kind]}
${beside[host]}
${several}

\`\`\`sh
npm install
npm test     # starts the server, and two clients
npm start    # ${url}
npm run check  # types
docker compose up --build
\`\`\`

Everybody may come in: \`anonymous\` in \`src/app.ts\`. Before others do, give it an \`auth\`. If clients cannot reach it,
\`npx fanfare doctor URL\` finds out why.
`;
}
