/** A client that subscribes to one map as SDKs do: pages of the state, missed changes, live ones, recovery. */

import type { EngineClient } from './node.js';

interface Change {
  readonly key: string;
  readonly data?: unknown;
  readonly removed?: boolean;
  readonly offset: number;
}

interface Result {
  readonly phase?: number;
  readonly cursor?: string;
  readonly epoch?: string;
  readonly offset?: number;
  readonly recovered?: boolean;
  readonly state?: readonly Change[];
  readonly publications?: readonly Change[];
}

type Json = Readonly<Record<string, unknown>>;

export class MapClient {
  /** What its application has; `undefined` before the first state. */
  state: Map<string, unknown> | undefined;
  position: { readonly offset: number; readonly epoch: string } | undefined;
  isLive = false;
  /** States that came anew, and times it recovered. */
  syncs = 0;
  recoveries = 0;
  readonly errors: number[] = [];
  #client: EngineClient | undefined;
  #numRead = 0;
  #request = 0;
  /** Of the flow under way. */
  #pages: Change[] = [];
  #changes: Change[] = [];
  #start: { offset: number; epoch: string } | undefined;
  #isRecovering = false;

  constructor(
    readonly channel: string,
    readonly pageSize: number,
    private readonly onState: (client: MapClient) => void,
  ) {}

  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  connect(client: EngineClient): void {
    this.#client = client;
    this.#numRead = 0;
    client.send('connect', {});
    this.#subscribe();
  }

  cut(): void {
    this.#client?.session.connectionClosed();
    this.#client = undefined;
    this.isLive = false;
  }

  /** Reads the next message. @returns false if there is none */
  read(): boolean {
    const message = this.#client?.messages[this.#numRead];
    if (message === undefined) return false;
    this.#numRead++;
    const { id, error, subscribe, push } = message as Record<string, Json | undefined> & { readonly id?: number };
    if (push !== undefined) this.#pushed(push);
    else if (id === this.#request && error !== undefined) this.#refused(Number(error.code));
    // safe: the server's own encoder is under test elsewhere
    else if (id === this.#request && subscribe !== undefined) this.#replied(subscribe as Result);
    return true;
  }

  #subscribe(): void {
    this.isLive = false;
    this.#pages = [];
    this.#changes = [];
    this.#start = this.position && { ...this.position };
    this.#isRecovering = this.position !== undefined;
    if (this.#isRecovering) this.#ask({ phase: 1, recover: true, ...this.#start });
    else this.#ask({ phase: 2 });
  }

  #ask(fields: object): void {
    const request = { channel: this.channel, type: 1, limit: this.pageSize, ...fields };
    this.#request = this.#client?.send('subscribe', request) ?? 0;
  }

  #refused(code: number): void {
    this.errors.push(code);
    if (code === 112) this.position = undefined;
    this.#subscribe();
  }

  #replied({ phase = 0, cursor, epoch = '', offset = 0, recovered = false, state = [], publications = [] }: Result) {
    if (this.#start !== undefined && this.#start.epoch !== epoch) {
      this.position = undefined;
      this.#subscribe();
      return;
    }
    this.#pages.push(...state);
    this.#changes.push(...publications);
    if (phase === 2) this.#start ??= { offset, epoch };
    if (phase === 2 && cursor !== undefined) this.#ask({ phase: 2, cursor, ...this.#start });
    else if (phase !== 0) {
      if (phase === 1) this.#start = { offset, epoch };
      this.#ask({ phase: 1, ...(this.#isRecovering && { recover: true }), ...this.#start });
    } else this.#live({ offset, epoch }, recovered);
  }

  #live(position: { offset: number; epoch: string }, recovered: boolean): void {
    if (recovered) this.recoveries++;
    else {
      this.syncs++;
      this.state = new Map(this.#pages.map(({ key, data }) => [key, data]));
    }
    for (const change of this.#changes) this.#apply(change);
    this.position = position;
    this.isLive = true;
    this.onState(this);
  }

  #pushed({ channel, pub, unsubscribe }: Json): void {
    if (channel !== this.channel || !this.isLive) return;
    if (unsubscribe !== undefined) this.#subscribe();
    if (pub === undefined || this.position === undefined) return;
    const change = pub as Change;
    this.#apply(change);
    this.position = { offset: change.offset, epoch: this.position.epoch };
    this.onState(this);
  }

  #apply({ key, data, removed }: Change): void {
    if (removed === true) this.state?.delete(key);
    else this.state?.set(key, data);
  }
}
