/** Remembers which transport reached a server, so that the next page does not try those that do not work. */

import type { ClientPorts } from './client-ports.js';
import type { TransportName } from './transport-name.js';

/** Methods of `localStorage`. If they throw, nothing is remembered. */
export interface TransportStore {
  /** What was kept under this name; `null` if nothing. */
  getItem(key: string): string | null;
  /** Keeps a text under a name. */
  setItem(key: string, value: string): void;
  /** Forgets what is kept under a name. */
  removeItem(key: string): void;
}

interface Entry {
  readonly transport: string;
  /** Unix time after which the best transport is tried first again. */
  readonly untilMs: number;
  readonly ttlMs: number;
}

const firstTtlMs = 600_000;
/** The memory lasts twice as long each time it is needed again, up to this. */
const maxTtlMs = 6 * 3_600_000;

export class TransportMemory {
  readonly #store: TransportStore | undefined;
  readonly #key: string;
  readonly #wallMs: () => number;

  /** @param server its origin; each has its own memory */
  constructor(store: TransportStore | undefined, server: string, { clock }: Pick<ClientPorts, 'clock'>) {
    this.#store = store;
    this.#key = `fanfare.transport:${server}`;
    this.#wallMs = () => clock.wallMs();
  }

  /** What worked, unless that was too long ago. Not trusted, since others can write to the store. */
  recall(): string | undefined {
    const entry = this.#read();
    return entry !== undefined && this.#isFresh(entry) ? entry.transport : undefined;
  }

  /** Does not extend a recent memory, so that the best transport is tried when it expires. */
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
    // More time is left than possible if the clock was put back.
    return leftMs > 0 && leftMs <= ttlMs;
  }

  #read(): Entry | undefined {
    return this.#try((store) => {
      const { transport, untilMs, ttlMs } = JSON.parse(store.getItem(this.#key) ?? '{}');
      const isEntry = typeof transport === 'string' && ttlMs >= firstTtlMs && ttlMs <= maxTtlMs && untilMs > 0;
      return isEntry ? { transport, untilMs, ttlMs } : undefined;
    });
  }

  /** Storage may be denied, full or corrupt: then it is treated as missing. */
  #try<Result>(use: (store: TransportStore) => Result): Result | undefined {
    try {
      return this.#store === undefined ? undefined : use(this.#store);
    } catch {
      return undefined;
    }
  }
}

/** The page's storage, if usable. Newer Node versions have one too, and warn when it is accessed. */
export function pageStore(): TransportStore | undefined {
  try {
    return globalThis.document === undefined ? undefined : globalThis.localStorage;
  } catch {
    // Denied: even the access throws.
    return undefined;
  }
}
