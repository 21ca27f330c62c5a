/** A node of the test as a process: `fanfare serve`, on ports that it has again after a restart. */

import { FanfareProcess, Folder } from '../cli/fanfare-process.js';
import { freePort } from '../support/programs/free-port.js';

export class ObservedNode implements AsyncDisposable {
  readonly folder = new Folder();
  #process: FanfareProcess;

  private constructor(
    private readonly config: object,
    readonly port: number,
    readonly internalPort: number,
    private readonly maxDescriptors: number | undefined,
  ) {
    this.write(config);
    this.#process = this.#run();
  }

  /** @param maxDescriptors file descriptors that it may open. Default: as many as this process */
  static async start(config: object, maxDescriptors?: number): Promise<ObservedNode> {
    const node = new ObservedNode(config, await freePort(), await freePort(), maxDescriptors);
    await node.#process.listening();
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What Prometheus scrapes. */
  get target(): string {
    return `127.0.0.1:${this.internalPort}`;
  }

  write(config: object): void {
    this.folder.write('fanfare.json', JSON.stringify(config));
  }

  /** Brings the configuration to the file, and the process to read it. Default: the one with which it was started. */
  reload(config: object = this.config): void {
    this.write(config);
    this.signal('SIGHUP');
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  /** Kills it, if it still runs, and starts it anew. */
  async startAgain(): Promise<void> {
    await this.kill();
    this.#process = this.#run();
    await this.#process.listening();
  }

  async kill(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** Of the HTTP API. @returns the answer */
  async call(method: string, params: object): Promise<unknown> {
    const response = await fetch(`http://${this.target}/api/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(params),
    });
    return response.json();
  }

  /** A value of its metrics, by name and labels as they stand there. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://${this.target}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await this.kill();
    this.folder[Symbol.dispose]();
  }

  #run(): FanfareProcess {
    const { folder, port, internalPort, maxDescriptors } = this;
    const args = ['serve', '--port', `${port}`, '--internal-port', `${internalPort}`, '--api-insecure'];
    if (maxDescriptors === undefined) return new FanfareProcess(args, { folder });
    const limited = `ulimit -n ${maxDescriptors}; exec "$0" "$@"`;
    return new FanfareProcess(args, { folder, runtime: ['/bin/bash', '-c', limited, process.execPath] });
  }
}
