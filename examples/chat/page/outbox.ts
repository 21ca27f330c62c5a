/** Messages on their way: shown at once, sent in order while connected, removed when they come back. */

/** A message that has not come back yet. */
export interface Outgoing {
  readonly id: string;
  readonly text: string;
  readonly sentAtMs: number;
  /** Why the server refused it; absent while it may still be accepted. */
  readonly refusal?: string;
}

/** The outcome of an attempt. `unknown`: the connection broke, so it may or may not have arrived. */
export type SendOutcome = { readonly kind: 'sent' | 'unknown' } | { readonly kind: 'refused'; readonly reason: string };

export class Outbox {
  #items: Outgoing[] = [];
  readonly #send: (message: Outgoing) => Promise<SendOutcome>;
  readonly #onChange: () => void;
  /** Grows with every connection, so that the sender of an earlier one stops. 0: not connected. */
  #round = 0;
  #rounds = 0;
  #attempted = new Set<string>();
  #sending = false;

  constructor(send: (message: Outgoing) => Promise<SendOutcome>, onChange: () => void) {
    this.#send = send;
    this.#onChange = onChange;
  }

  get items(): readonly Outgoing[] {
    return this.#items;
  }

  /** Connected, and what was missed has been shown: sends everything that is still here, perhaps again. */
  open(): void {
    this.#round = ++this.#rounds;
    this.#attempted = new Set();
    void this.#flush();
  }

  close(): void {
    this.#round = 0;
  }

  add(message: Outgoing): void {
    this.#items.push(message);
    this.#onChange();
    void this.#flush();
  }

  /** The message has come back as a message of the room. */
  confirmed(id: string): void {
    this.#remove(id);
  }

  retry(id: string): void {
    this.#attempted.delete(id);
    this.#items = this.#items.map((item) => (item.id === id ? withoutRefusal(item) : item));
    this.#onChange();
    void this.#flush();
  }

  discard(id: string): void {
    this.#remove(id);
  }

  #remove(id: string): void {
    const left = this.#items.filter((item) => item.id !== id);
    if (left.length === this.#items.length) return;
    this.#items = left;
    this.#onChange();
  }

  /** One at a time, so that they arrive in order. */
  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const round = this.#round;
        this.#attempted.add(next.id);
        const outcome = await this.#send(next);
        if (outcome.kind === 'refused') this.#refused(next.id, outcome.reason);
        // A message that failed with its connection is sent again over the next one.
        if (outcome.kind === 'unknown' && round === this.#round) this.#round = 0;
      }
    } finally {
      this.#sending = false;
    }
  }

  #next(): Outgoing | undefined {
    if (this.#round === 0) return undefined;
    return this.#items.find((item) => item.refusal === undefined && !this.#attempted.has(item.id));
  }

  #refused(id: string, refusal: string): void {
    this.#items = this.#items.map((item) => (item.id === id ? { ...item, refusal } : item));
    this.#onChange();
  }
}

function withoutRefusal({ id, text, sentAtMs }: Outgoing): Outgoing {
  return { id, text, sentAtMs };
}
