/**
 * nginx and HAProxy as deploy/ configures them, in front of nodes of the test. The files are used as they are: only
 * addresses, ports and paths of this run are put in their place, and each place has to be there.
 */

import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../support/programs/free-port.js';
import { haproxyProgram } from '../support/programs/haproxy.js';
import { areMissing } from '../support/programs/missing.js';
import { nginxProgram, ownTempPaths } from '../support/programs/nginx.js';
import type { ProxyProgram } from '../support/programs/proxy-process.js';
import { type Launch, started, TestServer } from '../support/programs/test-server.js';

const execute = promisify(execFile);
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** Anything in place of anything that is in a file. */
export type Replacement = readonly [from: string, to: string];

export interface DeployedOptions {
  /** Of the nodes: node1, node2, node3. */
  readonly nodePorts: readonly number[];
  /** The file of deploy/ that names the nodes. */
  readonly nodes: string;
  /** Smaller numbers than those of the files, where a test would take long to reach them. */
  readonly limits?: readonly Replacement[];
}

/** One of the two programs. */
export interface Deployment {
  isMissing(): boolean;
  start(options: DeployedOptions): Promise<DeployedProxy>;
}

interface Place {
  readonly folder: string;
  readonly plainPort: number;
  readonly tlsPort: number;
}

interface Kind {
  readonly program: ProxyProgram;
  /** Where each file goes, and what is replaced in it. */
  files(
    place: Place,
    nodes: string,
  ): readonly { readonly from: string; readonly to: string; readonly replace: readonly Replacement[] }[];
  /** Where tls.crt and tls.key go. */
  readonly certificateFolder: string;
  /** A file with both of them, where the program wants that. */
  readonly certificateBundle?: string;
  checkArgs(folder: string): readonly string[];
  runArgs(folder: string): readonly string[];
  readonly reloadSignal: NodeJS.Signals;
  accessLog(proxy: DeployedProxy): Promise<string>;
}

const nginxKind: Kind = {
  program: nginxProgram,
  files: ({ folder, plainPort, tlsPort }, nodes) => [
    {
      from: 'nginx/nginx.conf',
      to: 'nginx.conf',
      replace: [
        ['/etc/nginx/', `${folder}/`],
        ['/run/nginx.pid', `${folder}/nginx.pid`],
        ['/var/log/nginx/error.log', 'stderr'],
        ['/var/log/nginx/access.log', `${folder}/access.log`],
        ['http {', `http {\n${ownTempPaths(folder)}`],
      ],
    },
    { from: `nginx/${nodes}`, to: 'conf.d/fanfare.conf', replace: [['/etc/nginx/', `${folder}/`]] },
    {
      from: 'nginx/site.conf',
      to: 'fanfare/site.conf',
      replace: [
        ['/etc/nginx/', `${folder}/`],
        ['listen 80;', `listen 127.0.0.1:${plainPort};`],
        ['listen 443 ', `listen 127.0.0.1:${tlsPort} `],
      ],
    },
    { from: 'nginx/proxy.conf', to: 'fanfare/proxy.conf', replace: [] },
  ],
  certificateFolder: 'fanfare',
  checkArgs: (folder) => ['-t', '-p', folder, '-c', `${folder}/nginx.conf`],
  runArgs: (folder) => ['-p', folder, '-c', `${folder}/nginx.conf`, '-g', 'daemon off;'],
  reloadSignal: 'SIGHUP',
  accessLog: ({ folder }) => readFile(join(folder, 'access.log'), 'utf8'),
};

const haproxyKind: Kind = {
  program: haproxyProgram,
  files: ({ folder, plainPort, tlsPort }, nodes) => [
    {
      from: 'haproxy/haproxy.cfg',
      to: 'haproxy.cfg',
      replace: [
        // As many descriptors as this machine gives.
        ['  maxconn 50000\n', '  maxconn 5000\n'],
        ['log /dev/log local0', 'log stdout format raw local0'],
        ['/etc/haproxy/', `${folder}/`],
        ['/run/haproxy/', `${folder}/`],
        ['bind :80', `bind 127.0.0.1:${plainPort}`],
        ['bind :443 ', `bind 127.0.0.1:${tlsPort} `],
        // Only root can become another user.
        ...(process.getuid?.() === 0
          ? []
          : ([
              ['user haproxy', ''],
              ['group haproxy', ''],
            ] as const)),
      ],
    },
    { from: `haproxy/${nodes}`, to: 'nodes.cfg', replace: [] },
  ],
  certificateFolder: '.',
  certificateBundle: 'fanfare.pem',
  checkArgs: (folder) => ['-c', '-f', `${folder}/haproxy.cfg`, '-f', `${folder}/nodes.cfg`],
  runArgs: (folder) => ['-W', '-f', `${folder}/haproxy.cfg`, '-f', `${folder}/nodes.cfg`],
  reloadSignal: 'SIGUSR2',
  accessLog: async ({ output }) => output,
};

export const nginx = deploymentOf(nginxKind);
export const haproxy = deploymentOf(haproxyKind);

function deploymentOf(kind: Kind): Deployment {
  const { name, path } = kind.program;
  return {
    isMissing: () => areMissing(name, path),
    start: (options) => started(async () => new DeployedProxy(await freePort(), await freePort(), kind, options)),
  };
}

/** One that runs. */
export class DeployedProxy extends TestServer {
  readonly url: string;
  /** Where plain HTTP is sent on from. */
  readonly plainUrl: string;
  #ca: Buffer = Buffer.alloc(0);

  constructor(
    readonly plainPort: number,
    readonly tlsPort: number,
    private readonly kind: Kind,
    private readonly options: DeployedOptions,
  ) {
    super();
    this.url = `https://127.0.0.1:${tlsPort}`;
    this.plainUrl = `http://127.0.0.1:${plainPort}`;
  }

  /** What its certificate is trusted by. */
  get ca(): Buffer {
    return this.#ca;
  }

  /** Its access log so far. */
  accessLog(): Promise<string> {
    return this.kind.accessLog(this);
  }

  /** Reads its files again, as an operator has it do. */
  reload(): void {
    this.signal(this.kind.reloadSignal);
  }

  /** Ids of the processes that serve clients. */
  workers(): Promise<readonly string[]> {
    return childrenOf(this.pid);
  }

  /** A master process has to end its workers. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await super[Symbol.asyncDispose]();
  }

  protected override async launch(): Promise<Launch> {
    const { folder, kind, url } = this;
    const { name, path } = kind.program;
    await writeFiles(kind, this, this.options);
    const ca = await makeCertificate(kind, folder);
    this.#ca = ca;
    // Fails with what is wrong, and with warnings: what a version does not like any more is not for an example.
    const { stdout, stderr } = await execute(path, [...kind.checkArgs(folder)]);
    if (/warn|alert/i.test(stdout + stderr)) throw new Error(`${name} warns: ${stdout}${stderr}`);
    return { path, args: kind.runArgs(folder), isReady: (over) => speaksTls(url, ca, over) };
  }
}

async function writeFiles(kind: Kind, place: Place, { nodes, nodePorts, limits = [] }: DeployedOptions): Promise<void> {
  const nodeAddresses = nodePorts.map((port, n): Replacement => [`node${n + 1}:8000`, `127.0.0.1:${port}`]);
  const left = new Set(limits);
  for (const { from, to, replace } of kind.files(place, nodes)) {
    let text = await readFile(deploy + from, 'utf8');
    for (const [before, after] of [...replace, ...(from.endsWith(nodes) ? nodeAddresses : [])]) {
      if (!text.includes(before)) throw new Error(`deploy/${from} has no ${before}`);
      text = text.replaceAll(before, after);
    }
    for (const limit of limits) {
      if (!text.includes(limit[0])) continue;
      text = text.replaceAll(limit[0], limit[1]);
      left.delete(limit);
    }
    await mkdir(dirname(join(place.folder, to)), { recursive: true });
    await writeFile(join(place.folder, to), text);
  }
  if (left.size > 0) throw new Error(`nowhere in deploy/: ${[...left].map(([before]) => before).join(', ')}`);
}

/** For this run alone, so that whoever has it is this very proxy. */
async function makeCertificate({ certificateFolder, certificateBundle }: Kind, folder: string): Promise<Buffer> {
  const at = join(folder, certificateFolder);
  const [crt, key] = [join(at, 'tls.crt'), join(at, 'tls.key')];
  await execute('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=realtime.example.com', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:realtime.example.com'],
    ...['-keyout', key, '-out', crt],
  ]);
  const ca = await readFile(crt);
  if (certificateBundle !== undefined)
    await writeFile(join(folder, certificateBundle), Buffer.concat([ca, await readFile(key)]));
  return ca;
}

function speaksTls(url: string, ca: Buffer, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, { ca, signal, agent: false }, (response) => {
      response.resume();
      resolve(true);
    }).on('error', reject);
  });
}

/** Ids of a process's children, as Linux knows them. */
async function childrenOf(pid: number | undefined): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text
    .trim()
    .split(' ')
    .filter((child) => child !== '');
}
