/** One node of a fleet under faults: a server process with a way of its own to the broker. */

import { FanfareProcess, type Folder } from '../cli/fanfare-process.js';
import { FaultProxy } from '../support/network/fault-proxy.js';
import type { ChaosBroker, Meddling } from './chaos-broker.js';

const maxStarts = 4;

export class ChaosNode implements AsyncDisposable {
  #process: FanfareProcess | undefined;
  #url = '';
  /** Whether a load balancer would send somebody there. */
  isUp = false;
  isPaused = false;
  /** Times that its process ended before it listened. */
  numFailedStarts = 0;

  private constructor(
    readonly name: string,
    private readonly folder: Folder,
    private readonly broker: ChaosBroker,
    /** Its way to the broker. */
    readonly way: FaultProxy,
  ) {}

  /** @param meddling with what the broker delivers to this node */
  static async start(name: string, folder: Folder, broker: ChaosBroker, meddling: Meddling): Promise<ChaosNode> {
    const way = await FaultProxy.start(
      { port: broker.port },
      {
        purposeOf: (bytes) => broker.purposeOf?.(bytes),
        ...(broker.disorder && { rewriteToClient: () => broker.disorder?.(meddling) ?? ((bytes) => bytes) }),
      },
    );
    const node = new ChaosNode(name, folder, broker, way);
    await node.startAgain();
    return node;
  }

  get url(): string {
    return this.#url;
  }

  /** What it has said on the standard error output since it was started last. */
  get log(): string {
    return this.#process?.stderr ?? '';
  }

  get hasCrashed(): boolean {
    return this.isUp && this.#process !== undefined && this.#process.child.exitCode !== null;
  }

  /** As whoever watches over servers does it: one that does not come up is started once more. */
  async startAgain(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#process = new FanfareProcess(['serve', '--port', '0', '--broker', this.broker.addressAt(this.way.port)], {
        folder: this.folder,
      });
      try {
        this.#url = await this.#process.listening();
        this.isUp = true;
        return;
      } catch (error) {
        this.numFailedStarts++;
        if (attempt === maxStarts) throw error;
      }
    }
  }

  /** Nobody is told. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.isUp = false;
    this.#process?.signal('SIGKILL');
    await this.#process?.exited;
  }

  /** As a deploy has it: nobody new is sent there, and it finishes. Resolves when its process has ended, with how. */
  async leave(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
    if (this.#process === undefined) throw new Error(`${this.name} has not been started`);
    this.isUp = false;
    const beganMs = performance.now();
    this.#process.signal('SIGTERM');
    const { code } = await this.#process.exited;
    return { code, tookMs: performance.now() - beganMs };
  }

  pause(): void {
    this.isPaused = true;
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.isPaused = false;
    this.#process?.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.way[Symbol.asyncDispose]();
  }
}
