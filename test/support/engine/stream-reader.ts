/** A client of a node on a fake clock that reads a channel of streams as PROTOCOL.md says, and forgives nothing. */

import type { EngineClient, EngineNode } from './node.js';

export interface ReadStream {
  readonly id: string;
  text: string;
  state: string;
  result: unknown;
}

interface Part {
  readonly s: number;
  readonly i?: string;
  readonly n?: number;
  readonly t?: string;
  readonly e?: string;
  readonly r?: unknown;
}

interface SubscribeReply {
  readonly offset?: number;
  readonly epoch?: string;
  readonly recovered?: boolean;
  readonly publications?: readonly { readonly data: Part; readonly offset: number }[];
}

type Json = Readonly<Record<string, unknown>>;

export class StreamReader {
  readonly streams = new Map<number, ReadStream>();
  /** Parts that do not follow what was there: with `overlaps`, only those that leave a gap. */
  readonly faults: string[] = [];
  numParts = 0;
  numRecovered = 0;
  client: EngineClient | undefined;
  position: { offset: number; epoch: string } | undefined;
  #numRead = 0;

  constructor(
    private readonly channel: string,
    private readonly overlaps = false,
  ) {}

  /** By its id; `undefined` if it has not come. */
  stream(id: string): ReadStream | undefined {
    return [...this.streams.values()].find((stream) => stream.id === id);
  }

  connect(engine: EngineNode): void {
    this.cut();
    this.client = engine.open();
    this.#numRead = 0;
    this.client.send('connect', {});
    this.#subscribe();
  }

  cut(): void {
    this.read();
    this.client?.session.connectionClosed();
    this.client = undefined;
  }

  /** Reads what has come. */
  read(): void {
    const messages = this.client?.messages ?? [];
    for (; this.#numRead < messages.length; this.#numRead++) {
      const { subscribe, push, error } = messages[this.#numRead] as Record<string, Json | undefined>;
      if (error !== undefined) this.faults.push(`refused: ${JSON.stringify(error)}`);
      // safe: the server's own encoder is under test elsewhere
      if (subscribe !== undefined) this.#subscribed(subscribe as SubscribeReply);
      if (push?.unsubscribe !== undefined) this.#subscribe();
      if (push?.pub !== undefined) {
        const { data, offset } = push.pub as { readonly data: Part; readonly offset: number };
        this.#take(data);
        if (this.position !== undefined) this.position.offset = offset;
      }
    }
  }

  #subscribe(): void {
    const recover = this.position && { recover: true, ...this.position };
    this.client?.send('subscribe', { channel: this.channel, ...recover });
  }

  #subscribed({ offset = 0, epoch = '', recovered = false, publications = [] }: SubscribeReply): void {
    if (recovered) this.numRecovered++;
    else this.streams.clear();
    this.position = { offset, epoch };
    for (const publication of publications) {
      this.#take(publication.data);
      this.position.offset = publication.offset;
    }
  }

  #take({ s, i, n = 0, t = '', e, r }: Part): void {
    this.numParts++;
    const known = this.streams.get(s);
    if (i !== undefined) {
      if (known !== undefined && !t.startsWith(known.text)) this.faults.push(`"${i}" begins anew`);
      this.streams.set(s, { id: i, text: t, state: e ?? 'open', result: r });
      return;
    }
    if (known === undefined) {
      this.faults.push(`a part of ${s}, which has not begun`);
      return;
    }
    if (n > known.text.length || (n < known.text.length && !this.overlaps)) {
      this.faults.push(`"${known.id}" has ${known.text.length}, and a part from ${n}`);
    }
    known.text += t.slice(Math.max(0, known.text.length - n));
    if (e !== undefined) known.state = e;
    if (r !== undefined) known.result = r;
  }
}
