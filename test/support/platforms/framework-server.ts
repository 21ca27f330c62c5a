/**
 * Projects of frameworks that hand over sockets or requests, as docs/operations/functions.md says: installed at one version, with
 * the package as it is packed, built, and run.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pack } from '../../../scripts/package/packed.mjs';
import { runNpm } from '../../../scripts/run-npm.mjs';
import { root } from '../../../scripts/setup.mjs';
import { freePort } from '../programs/free-port.js';
import { installPinned } from '../programs/pinned-packages.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';

const redisClient = JSON.parse(readFileSync(join(root, 'node_modules/@redis/client/package.json'), 'utf8')) as {
  version: string;
};

/** One connection, in milliseconds. */
const maxConnectionMs = 3_000;

/** Once in a process, however often a framework loads the module. */
const app = `import { channel, fanfare, jwt } from 'fanfare';
import { redis } from 'fanfare/redis';

const make = () =>
  fanfare({
    auth: jwt({ secret: process.env.TOKEN_KEY }),
    broker: redis(process.env.REDIS_URL),
    transports: { sse: true },
    channels: {
      'chat:{room}': channel({ subscribe: 'anyone', publish: 'subscriber', presence: true, history: { size: 1_000 } }),
    },
  });
export const app = (globalThis.realtime ??= make());
`;

const paths = ['connection/http_stream', 'connection/sse', 'connection/long_polling', 'emulation'];

export interface Framework {
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Contents by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly build: readonly string[];
  /** @returns the arguments of Node */
  run(port: number): readonly string[];
  readonly isReady: RegExp;
}

export const nitro: Framework = {
  name: 'nitro',
  // The newest, though npm's tag "latest" is an older one.
  packages: { nitro: '3.0.260903-beta' },
  files: {
    'nitro.config.mjs': `export default { serverDir: './', features: { websocket: true }, preset: 'node-server' };\n`,
    'app.js': app,
    'routes/ws.js': `import { defineWebSocketHandler } from 'nitro/h3';
import { app } from '../app.js';

export default defineWebSocketHandler(app.socketHooks({ maxConnectionMs: ${maxConnectionMs} }));
`,
    ...Object.fromEntries(
      paths.map((path) => [
        `routes/${path}.js`,
        `import { defineHandler } from 'nitro/h3';
import { app } from '${up(`routes/${path}`)}/app.js';

export default defineHandler(({ req }) => app.fetch(req, { maxConnectionMs: ${maxConnectionMs} }));
`,
      ]),
    ),
  },
  build: ['nitro/dist/cli/index.mjs', 'build'],
  run: () => ['.output/server/index.mjs'],
  isReady: /Listening on/i,
};

export const next: Framework = {
  name: 'next',
  packages: { next: '16.4.6', react: '19.2.0', 'react-dom': '19.2.0' },
  files: {
    // The folder around it is no part of the project.
    'next.config.mjs': `export default { serverExternalPackages: ['fanfare'], turbopack: { root: import.meta.dirname } };\n`,
    'app.js': app,
    'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n',
    'app/page.js': 'export default () => <p>A page</p>;\n',
    ...Object.fromEntries(
      paths.map((path) => [
        `app/${path}/route.js`,
        `import { app } from '${up(`app/${path}/route`)}/app.js';

const handle = (request) => app.fetch(request, { maxConnectionMs: ${maxConnectionMs} });
export const dynamic = 'force-dynamic';
export { handle as GET, handle as OPTIONS, handle as POST };
`,
      ]),
    ),
  },
  build: ['next/dist/bin/next', 'build'],
  run: (port) => ['node_modules/next/dist/bin/next', 'start', '--hostname', '127.0.0.1', '--port', String(port)],
  isReady: /Ready in/,
};

/** From a file to the folder of the project. */
function up(path: string): string {
  return path
    .split('/')
    .slice(1)
    .map(() => '..')
    .join('/');
}

export class FrameworkServer extends TestServer {
  private constructor(
    private readonly framework: Framework,
    private readonly project: string,
    readonly port: number,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    super();
  }

  /** @param env where its application finds what it needs */
  static start(framework: Framework, project: string, env: NodeJS.ProcessEnv): Promise<FrameworkServer> {
    return started(async () => new FrameworkServer(framework, project, await freePort(), env));
  }

  protected override async launch(): Promise<Launch> {
    const where = { HOST: '127.0.0.1', PORT: String(this.port) };
    return {
      path: process.execPath,
      args: this.framework.run(this.port),
      // With TEST set, as the runner of tests sets it, the server of Nitro does not say that it listens.
      env: { ...process.env, TEST: '', NODE_ENV: 'production', ...where, ...this.env },
      cwd: this.project,
      isReady: this.framework.isReady,
    };
  }
}

/** Installs and builds it. @param variables of the application, which Next.js loads to build it. @returns its folder */
export function buildProject({ name, packages, files, build }: Framework, variables: NodeJS.ProcessEnv): string {
  const folder = installPinned(name, { ...packages, '@redis/client': redisClient.version });
  const options = [
    '--no-save',
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  runNpm(['install', ...options, pack(join(folder, 'packed'))], { cwd: folder });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const [program = '', ...args] = build;
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...variables };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('node_modules', program), ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name} was not built: ${stdout}${stderr}`);
  return folder;
}
