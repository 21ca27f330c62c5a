/** Processes full of clients, as one swarm: how many are there, what moved, and what each has got. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Folder } from '../../cli/fanfare-process.js';
import type { DeployedProxy } from '../deployed-proxy.js';

export interface SwarmSize {
  readonly clients: number;
  readonly channelsPerClient: number;
  readonly numChannels: number;
  /** Clients of each transport over HTTP, among the others. */
  readonly httpClients: number;
  readonly processes: number;
}

/** At this moment. */
export interface SwarmFigures {
  readonly connected: number;
  readonly deliveries: number;
}

/** What happened since the last question, by the clock of the wall. */
export interface SwarmMoves {
  readonly returnsMs: readonly number[];
  readonly ends: readonly (readonly [atMs: number, code: number, transport: string])[];
}

export interface SwarmOutcome {
  readonly readers: readonly {
    readonly channel: number;
    /** The last number that it has got. */
    readonly last: number;
    readonly lost: number;
    readonly doubled: number;
  }[];
  readonly unrecovered: number;
}

const script = fileURLToPath(new URL('./swarm.mjs', import.meta.url));

export class Swarm implements AsyncDisposable {
  private constructor(
    private readonly children: readonly Child[],
    private readonly folder: Folder,
  ) {}

  /** Resolves when everyone is subscribed to everything. */
  static async open(proxy: DeployedProxy, size: SwarmSize, onProgress: () => void = () => undefined): Promise<Swarm> {
    const folder = new Folder();
    // `fetch` takes no certificate from its caller.
    const caFile = folder.write('ca.crt', proxy.ca);
    const children = Array.from({ length: size.processes }, () => new Child(caFile, onProgress));
    const swarm = new Swarm(children, folder);
    const share = Math.ceil(size.clients / size.processes);
    const { channelsPerClient, numChannels, httpClients } = size;
    const opening = children.map((child, index) =>
      child.ask('open', {
        ...{ url: proxy.url, ca: String(proxy.ca), channelsPerClient, numChannels, http: httpClients },
        first: index * share,
        count: Math.min(share, size.clients - index * share),
      }),
    );
    try {
      await Promise.all(opening);
    } catch (error) {
      await swarm[Symbol.asyncDispose]();
      throw error;
    }
    return swarm;
  }

  /** As of the last second; costs nobody anything. */
  get lastFigures(): SwarmFigures {
    return sum(this.children.map(({ lastFigures }) => lastFigures));
  }

  async figures(): Promise<SwarmFigures> {
    return sum((await this.#askAll('figures')) as SwarmFigures[]);
  }

  async moves(): Promise<SwarmMoves> {
    const answers = (await this.#askAll('moves')) as { returns: number[]; ends: [number, number, string][] }[];
    return {
      returnsMs: answers.flatMap(({ returns }) => returns).sort((a, b) => a - b),
      ends: answers.flatMap(({ ends }) => ends).sort(([a], [b]) => a - b),
    };
  }

  async outcome(): Promise<SwarmOutcome> {
    const answers = (await this.#askAll('readers')) as {
      readers: [number, number, number, number][];
      unrecovered: number;
    }[];
    return {
      readers: answers.flatMap(({ readers }) =>
        readers.map(([channel, last, lost, doubled]) => ({ channel, last, lost, doubled })),
      ),
      unrecovered: answers.reduce((all, { unrecovered }) => all + unrecovered, 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map((child) => child.close()));
    this.folder[Symbol.dispose]();
  }

  /** What swarm.mjs answers is its own shape, named by who asks. */
  #askAll(ask: string): Promise<unknown[]> {
    return Promise.all(this.children.map((child) => child.ask(ask)));
  }
}

type Told = { readonly kind: 'figures' } & SwarmFigures;
type Answered = { readonly kind: 'answer'; readonly body: unknown };

class Child {
  readonly #process: ChildProcess;
  readonly #answers: ((body: unknown) => void)[] = [];
  readonly #exited: Promise<never>;
  lastFigures: SwarmFigures = { connected: 0, deliveries: 0 };

  constructor(caFile: string, onProgress: () => void) {
    this.#process = fork(script, [], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile, NODE_OPTIONS: '' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message: Told | Answered) => {
      if (message.kind === 'answer') this.#answers.shift()?.(message.body);
      else {
        this.lastFigures = message;
        onProgress();
      }
    });
    this.#exited = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`a process of clients has ended with ${code}`);
    });
    // Told to whoever asks.
    this.#exited.catch(() => undefined);
  }

  /** Questions are answered in their order. */
  ask(ask: string, fields: object = {}): Promise<unknown> {
    const answer = new Promise<unknown>((resolve) => this.#answers.push(resolve));
    this.#process.send({ ask, ...fields });
    return Promise.race([answer, this.#exited]);
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited.catch(() => undefined);
  }
}

function sum(all: readonly SwarmFigures[]): SwarmFigures {
  return {
    connected: all.reduce((total, { connected }) => total + connected, 0),
    deliveries: all.reduce((total, { deliveries }) => total + deliveries, 0),
  };
}
