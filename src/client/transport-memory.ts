/** Remembers by which transport a server was reached, so that the next page does not try in vain what does not pass. */

import type { ClientPorts } from './client-ports.js';
import type { TransportName } from './transport-name.js';

/** As `localStorage` has them. They may throw: then nothing is remembered. */
export interface TransportStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface Entry {
  readonly transport: string;
  /** By the wall clock. After that the best one is tried first again. */
  readonly untilMs: number;
  readonly ttlMs: number;
}

const firstTtlMs = 600_000;
/** Twice as long with each time that it was needed again, up to here. */
const maxTtlMs = 6 * 3_600_000;

export class TransportMemory {
  readonly #store: TransportStore | undefined;
  readonly #key: string;
  readonly #wallMs: () => number;

  /** @param server its origin: each has a memory of its own */
  constructor(store: TransportStore | undefined, server: string, { clock }: Pick<ClientPorts, 'clock'>) {
    this.#store = store;
    this.#key = `fanfare.transport:${server}`;
    this.#wallMs = () => clock.wallMs();
  }

  /** What worked, unless that was too long ago. Not to be trusted: others can write to such a store. */
  recall(): string | undefined {
    const entry = this.#read();
    return entry !== undefined && this.#isFresh(entry) ? entry.transport : undefined;
  }

  /** A recent memory does not become younger by this: once it is over, the best transport has its chance. */
  remember(transport: TransportName): void {
    const former = this.#read();
    const isFresh = former !== undefined && this.#isFresh(former);
    const ttlMs = former === undefined ? firstTtlMs : isFresh ? former.ttlMs : Math.min(former.ttlMs * 2, maxTtlMs);
    const untilMs = isFresh ? former.untilMs : this.#wallMs() + ttlMs;
    this.#try((store) => store.setItem(this.#key, JSON.stringify({ transport, untilMs, ttlMs } satisfies Entry)));
  }

  forget(): void {
    this.#try((store) => store.removeItem(this.#key));
  }

  #isFresh({ untilMs, ttlMs }: Entry): boolean {
    const leftMs = untilMs - this.#wallMs();
    // More is left than there ever was when the clock has been put back.
    return leftMs > 0 && leftMs <= ttlMs;
  }

  #read(): Entry | undefined {
    return this.#try((store) => {
      const { transport, untilMs, ttlMs } = JSON.parse(store.getItem(this.#key) ?? '{}');
      const isEntry = typeof transport === 'string' && ttlMs >= firstTtlMs && ttlMs <= maxTtlMs && untilMs > 0;
      return isEntry ? { transport, untilMs, ttlMs } : undefined;
    });
  }

  /** A page may be denied its storage, and storage may be full or hold nonsense: then it is as if there were none. */
  #try<Result>(use: (store: TransportStore) => Result): Result | undefined {
    try {
      return this.#store === undefined ? undefined : use(this.#store);
    } catch {
      return undefined;
    }
  }
}

/** That of the page, if there is one that can be used. Newer Nodes have one too, and a warning for whoever looks at it. */
export function pageStore(): TransportStore | undefined {
  try {
    return globalThis.document === undefined ? undefined : globalThis.localStorage;
  } catch {
    // Denied: even asking for it throws.
    return undefined;
  }
}
