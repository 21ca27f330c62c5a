/** Who is typing, as reported by the others; and reporting that this user is typing. */

import type { Member } from './messages.js';

/** A browser's timers; replaced in tests. */
export interface Timers {
  nowMs(): number;
  /** @returns a function that cancels */
  schedule(task: () => void, delayMs: number): () => void;
}

/** While a user is typing, it is reported again at this interval. */
const repeatMs = 2_000;
/** A user without a report for this long has stopped. */
const expiryMs = 5_000;

/** The other users who are typing now. */
export class Typists {
  readonly #typing = new Map<string, { readonly name: string; readonly cancel: () => void }>();
  readonly #timers: Timers;
  readonly #onChange: () => void;

  constructor(timers: Timers, onChange: () => void) {
    this.#timers = timers;
    this.#onChange = onChange;
  }

  get names(): string[] {
    return [...this.#typing.values()].map(({ name }) => name);
  }

  started({ client, name }: Member): void {
    this.#typing.get(client)?.cancel();
    const cancel = this.#timers.schedule(() => this.stopped(client), expiryMs);
    this.#typing.set(client, { name, cancel });
    this.#onChange();
  }

  /** The user has sent, stopped, or left. */
  stopped(client: string): void {
    const typist = this.#typing.get(client);
    if (typist === undefined) return;
    typist.cancel();
    this.#typing.delete(client);
    this.#onChange();
  }

  clear(): void {
    for (const client of [...this.#typing.keys()]) this.stopped(client);
  }
}

/** Reports at the right moments that this page's user is typing. */
export class TypingSignal {
  readonly #timers: Timers;
  readonly #tell: (typing: boolean) => void;
  #toldAtMs: number | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(timers: Timers, tell: (typing: boolean) => void) {
    this.#timers = timers;
    this.#tell = tell;
  }

  /** A key was pressed. */
  typed(): void {
    const nowMs = this.#timers.nowMs();
    this.#cancelExpiry?.();
    this.#cancelExpiry = this.#timers.schedule(() => this.stopped(), expiryMs - 1_000);
    if (this.#toldAtMs !== undefined && nowMs - this.#toldAtMs < repeatMs) return;
    this.#toldAtMs = nowMs;
    this.#tell(true);
  }

  /** The text was sent or deleted, or nothing was typed for a while. */
  stopped(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    if (this.#toldAtMs === undefined) return;
    this.#toldAtMs = undefined;
    this.#tell(false);
  }
}

/** `Ada is typing…`, or an empty text. */
export function typingLine(names: readonly string[]): string {
  const [first, second, ...others] = names;
  if (first === undefined) return '';
  if (second === undefined) return `${first} is typing…`;
  if (others.length === 0) return `${first} and ${second} are typing…`;
  return `${first}, ${second} and ${others.length} more are typing…`;
}
