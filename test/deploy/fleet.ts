/** Three nodes as processes, each with a memory of its own unless its arguments say otherwise. */

import { get } from 'node:http';
import { FanfareProcess } from '../cli/fanfare-process.js';

const nodeArgs = ['--anonymous', '--trust-proxies', '127.0.0.1', '--transports-sse'];

const news = '{"news":{"subscribe":"anyone","publish":"anyone","presence":true,"history":{"size":100,"ttl":"10m"}}}';

export interface FleetNode {
  readonly process: FanfareProcess;
  readonly port: number;
}

export interface FleetOptions {
  /** Rules of channels, as JSON. Default: `news`, with all that a channel can have. */
  readonly channels?: string;
  /** Default: 6 seconds. */
  readonly shutdownDeadline?: string;
  /** Of the command, where it is that of another version. */
  readonly script?: string;
}

/** How a node has gone. */
export interface Leave {
  readonly code: number | null;
  /** From the signal to the end of the process. */
  readonly tookMs: number;
  /** What it has said of its readiness meanwhile: HTTP statuses, each with the time of the wall. */
  readonly readiness: readonly (readonly [atMs: number, status: number])[];
}

/** Between two questions about readiness, as a load balancer asks them. */
const askEveryMs = 50;

export class Fleet implements AsyncDisposable {
  readonly #nodes: FleetNode[];
  readonly #args: readonly string[];

  private constructor(nodes: FleetNode[], args: readonly string[]) {
    this.#nodes = nodes;
    this.#args = args;
  }

  static async start(more: readonly string[] = [], options: FleetOptions = {}): Promise<Fleet> {
    const { channels = news, shutdownDeadline = '6s', script } = options;
    const args = [...nodeArgs, '--channels', channels, '--shutdown-deadline', shutdownDeadline, ...more];
    return new Fleet(await Promise.all([0, 0, 0].map((port) => startNode(args, port, script))), args);
  }

  get nodes(): readonly FleetNode[] {
    return this.#nodes;
  }

  get nodePorts(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  /** Stops a node as a deploy does. Resolves when its process has ended. */
  async stop(index: number): Promise<Leave> {
    const { process, port } = this.#node(index);
    const readiness: (readonly [number, number])[] = [];
    const beganMs = performance.now();
    process.signal('SIGTERM');
    const over = new AbortController();
    const asking = askReadiness(port, over.signal, (status) => readiness.push([Date.now(), status]));
    const { code } = await process.exited;
    const tookMs = performance.now() - beganMs;
    over.abort();
    await asking;
    return { code, tookMs, readiness };
  }

  /** Starts one in the place of one that has ended, by this version unless told otherwise. */
  async startAgain(index: number): Promise<void> {
    const { port } = this.#node(index);
    this.#nodes[index] = await startNode(this.#args, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process[Symbol.asyncDispose]()));
  }

  #node(index: number): FleetNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }
}

async function startNode(args: readonly string[], port: number, script?: string): Promise<FleetNode> {
  const process = new FanfareProcess(['--port', String(port), ...args], script === undefined ? {} : { script });
  return { process, port: Number(new URL(await process.listening()).port) };
}

/** Until nobody wants to know. */
async function askReadiness(port: number, over: AbortSignal, tell: (status: number) => void): Promise<void> {
  while (!over.aborted) {
    const status = await statusOf(port, over);
    if (status !== undefined) tell(status);
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}

/** On a connection of its own, as load balancers ask; `undefined` when nobody answers. */
function statusOf(port: number, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/health/ready', agent: false, signal }, (response) => {
      response.on('error', () => undefined).resume();
      resolve(response.statusCode);
    });
    request.on('error', () => resolve(undefined));
  });
}
