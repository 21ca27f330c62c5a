/** A real proxy of Debian's in front of a server of the test: its configuration in a folder of its own, on a free port. */

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { areMissing } from './missing.js';
import { type Launch, started, TestServer } from './test-server.js';

export interface ProxyProgram {
  readonly name: string;
  readonly path: string;
  /** Makes it stay in the foreground. */
  readonly args: (folder: string) => readonly string[];
}

/** What a test asks of a proxy, whichever it is. */
export interface ProxyOptions {
  /** Of the server behind. */
  readonly upstreamPort: number;
  /** As the proxy is by default, knowing nothing of streams; `false`: as its documentation advises for them. */
  readonly buffering: boolean;
  /** How long either side may be silent. Default: 60. */
  readonly timeoutSec?: number;
  /** Let WebSocket upgrades pass. Default: `true`. */
  readonly websocket?: boolean;
}

/** Where the proxy says who it is. */
export const identityPath = '/proxy-identity';

/** What a configuration is made for. */
export interface ProxyPlace {
  readonly port: number;
  /** May be written to. */
  readonly folder: string;
  /** The answer to a GET of {@link identityPath}. */
  readonly identity: string;
}

/** A proxy for tests, which writes its configuration itself. */
export interface TestProxy {
  /** Whether tests with it have to be left out. */
  isMissing(): boolean;
  start(options: ProxyOptions): Promise<RunningProxy>;
}

export function proxyOf(
  program: ProxyProgram,
  configuration: (place: ProxyPlace, options: ProxyOptions) => string,
): TestProxy {
  return {
    isMissing: () => areMissing(program.name, program.path),
    start: (options) =>
      started(async () => new RunningProxy(await freePort(), program, (place) => configuration(place, options))),
  };
}

/** A proxy that passes requests on. */
export class RunningProxy extends TestServer {
  constructor(
    readonly port: number,
    private readonly program: ProxyProgram,
    private readonly configure: (place: ProxyPlace) => string,
  ) {
    super();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  protected override async launch(): Promise<Launch> {
    const { port, folder, program } = this;
    const identity = randomUUID();
    await writeFile(join(folder, 'proxy.conf'), this.configure({ port, folder, identity }));
    const isReady = async (signal: AbortSignal) =>
      (await (await fetch(`${this.url}${identityPath}`, { signal })).text()) === identity;
    return { path: program.path, args: program.args(folder), isReady };
  }
}
