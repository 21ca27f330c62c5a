/**
 * What deploy/aws/serverless.yml deploys, in the Serverless Framework's open fork and its emulator of API Gateway and Lambda:
 * a second opinion on ours. It runs without an account, calls functions in threads of its own, as many at the same time as
 * there are events, and has no quotas.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../programs/free-port.js';
import { installPinned } from '../programs/pinned-packages.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';
import { bundleDeployed, deployedApp } from './deployed-bundle.js';

const packages = { osls: '4.3.1', 'serverless-offline': '14.8.2' };
const description = fileURLToPath(new URL('../../../deploy/aws/serverless.yml', import.meta.url));

export interface ServerlessOfflineOptions {
  /** The module whose `handler` it calls. Default: the application that is deployed. */
  readonly source?: string;
  /** Further variables, with which it finds its store. */
  readonly env: NodeJS.ProcessEnv;
}

export class ServerlessOffline extends TestServer {
  /** As the description names it. */
  static readonly table = 'fanfare-prod';
  /** With which tokens are signed. */
  static readonly key = 'a key of at least thirty-two bytes, for tests';
  readonly #packages = installPinned('serverless-offline', packages);

  private constructor(
    private readonly options: ServerlessOfflineOptions,
    readonly port: number,
    private readonly lambdaPort: number,
    private readonly httpPort: number,
  ) {
    super();
  }

  static start(options: ServerlessOfflineOptions): Promise<ServerlessOffline> {
    return started(async () => new ServerlessOffline(options, await freePort(), await freePort(), await freePort()));
  }

  /** The schedule is once a minute, as it is deployed; tests have less time. */
  async sweep(): Promise<void> {
    const url = `http://127.0.0.1:${this.lambdaPort}/2015-03-31/functions/fanfare-prod-clients/invocations`;
    const event = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
    const answer = await response.text();
    if (!response.ok || answer.includes('errorMessage')) throw new Error(`sweep: ${response.status} ${answer}`);
  }

  protected override async launch(): Promise<Launch> {
    const { source = deployedApp, env } = this.options;
    // Inside of the packages' folder: its plugins, and AWS' SDK, are found above it.
    const task = join(this.#packages, 'task');
    mkdirSync(task, { recursive: true });
    await bundleDeployed(task, source);
    writeFileSync(
      join(task, 'serverless.yml'),
      `${readFileSync(description, 'utf8')}\nplugins: [serverless-offline]\n`,
    );
    const ports = { websocketPort: this.port, lambdaPort: this.lambdaPort, httpPort: this.httpPort };
    return {
      path: process.execPath,
      args: [
        join(this.#packages, 'node_modules/osls/bin/serverless.js'),
        'offline',
        // Tables are of a region.
        ...['--host', '127.0.0.1', '--region', process.env.AWS_REGION ?? '', '--localEnvironment'],
        ...Object.entries(ports).flatMap(([name, port]) => [`--${name}`, String(port)]),
      ],
      env: {
        ...process.env,
        TOKEN_KEY: ServerlessOffline.key,
        ORIGINS: 'https://example.com',
        ENDPOINT: `http://127.0.0.1:${this.port}`,
        ...env,
      },
      cwd: task,
      isReady: /http for websocket\] listening/,
    };
  }
}
