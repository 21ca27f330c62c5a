/** A client of a node on a fake clock that notes when it got what: of a channel of messages, or of a map. */

import type { Node } from '../../../src/engine/node.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import type { FakeClock } from './fake-clock.js';
import { RecordedConnection } from './recorded-connection.js';

/** A publication and when it came; its data is its number in the stream. */
export interface Receipt {
  readonly number: number;
  readonly key: string;
  readonly atMs: number;
}

/** From the reply to a subscribe to the end of the subscription. */
export interface Period {
  readonly fromMs: number;
  /** As the reply says; `undefined`: none. */
  readonly maxRate: number | undefined;
  /** The place from which it recovered; `undefined` if it did not. */
  readonly since: number | undefined;
  readonly offset: number;
  /** Publications in the reply. */
  readonly recovered: readonly number[];
  readonly live: Receipt[];
  endMs: number | undefined;
  /** The connection was lost, and with it what was due. */
  isCut: boolean;
}

type Json = Readonly<Record<string, unknown>>;

export class RatedReader {
  readonly periods: Period[] = [];
  /** What came of joins and leaves. */
  readonly traffic: number[] = [];
  readonly unsubscribes: number[] = [];
  readonly errors: number[] = [];
  #session: Session | undefined;
  #nextId = 0;
  #subscribeId = 0;
  #since: number | undefined;
  #position: { readonly offset: number; readonly epoch: string } | undefined;

  constructor(
    readonly node: Node,
    readonly clock: FakeClock,
    readonly channel: string,
    readonly isMap = false,
  ) {}

  /** The current subscription. */
  get period(): Period | undefined {
    const last = this.periods.at(-1);
    return last?.endMs === undefined ? last : undefined;
  }

  /** The last place that it has seen. */
  get position(): { readonly offset: number; readonly epoch: string } | undefined {
    return this.#position;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** @param fields of the command, besides the channel and the position */
  subscribe(fields: object): void {
    if (this.period !== undefined || this.#subscribeId !== 0) return;
    this.#connect();
    this.#subscribeId = ++this.#nextId;
    this.#since = this.#position?.offset;
    const since = this.#position && { recover: true, ...this.#position };
    const kind = this.isMap && { type: 1, phase: since === undefined ? 2 : 1, limit: 1_000 };
    this.send({ id: this.#subscribeId, subscribe: { channel: this.channel, ...kind, ...since, ...fields } });
  }

  unsubscribe(): void {
    if (this.period === undefined) return;
    this.send({ id: ++this.#nextId, unsubscribe: { channel: this.channel } });
    this.#end(false);
    this.#position = undefined;
  }

  cut(): void {
    this.#end(true);
    const session = this.#session;
    this.#session = undefined;
    this.#subscribeId = 0;
    session?.connectionClosed();
  }

  wantJoinLeave(joinLeave: boolean): void {
    if (this.period === undefined) return;
    this.send({ id: ++this.#nextId, rpc: { method: 'fanfare.joinLeave', data: { channel: this.channel, joinLeave } } });
  }

  send(command: unknown): void {
    this.#session?.receive(JSON.stringify(command));
  }

  #connect(): void {
    if (this.#session !== undefined) return;
    const connection = new RecordedConnection();
    connection.write = (bytes) => {
      for (const line of Buffer.from(bytes).toString().split('\n')) this.#read(JSON.parse(line));
    };
    this.#session = this.node.ports.open(connection, { headers: new Map(), url: '/', remoteAddress: '192.0.2.1' });
    this.send({ id: ++this.#nextId, connect: {} });
  }

  #end(isCut: boolean): void {
    const { period } = this;
    if (period === undefined) return;
    period.endMs = this.clock.nowMs();
    period.isCut = isCut;
  }

  #read({ id, error, subscribe, push }: Record<string, Json | undefined> & { readonly id?: unknown }): void {
    if (id !== undefined && id === this.#subscribeId) {
      this.#subscribeId = 0;
      if (error !== undefined) this.errors.push(Number(error.code));
      if (subscribe !== undefined) this.#subscribed(subscribe);
    }
    if (push === undefined || push.channel !== this.channel) return;
    if (push.join !== undefined || push.leave !== undefined) this.traffic.push(this.clock.nowMs());
    if (push.unsubscribe !== undefined) {
      this.unsubscribes.push(Number((push.unsubscribe as Json).code));
      this.#end(false);
    }
    if (push.pub !== undefined) this.#received(push.pub as Json);
  }

  #subscribed({ offset = 0, epoch = '', publications = [], recovered, max_rate: maxRate }: Json): void {
    // safe: the server's own encoder is under test elsewhere
    const missed = publications as readonly Json[];
    this.periods.push({
      fromMs: this.clock.nowMs(),
      maxRate: maxRate as number | undefined,
      since: recovered === true ? this.#since : undefined,
      offset: offset as number,
      recovered: missed.map(({ data }) => data as number),
      live: [],
      endMs: undefined,
      isCut: false,
    });
    this.#position = { offset: offset as number, epoch: epoch as string };
    for (const publication of missed) this.#moveTo(publication);
  }

  #received(publication: Json): void {
    const { data, key = '' } = publication;
    // What leaves with its end, or crosses its request for that.
    const period = this.periods.at(-1);
    period?.live.push({ number: data as number, key: key as string, atMs: this.clock.nowMs() });
    if (this.period !== undefined) this.#moveTo(publication);
  }

  #moveTo({ offset = 0 }: Json): void {
    if (this.#position !== undefined && (offset as number) > 0) {
      this.#position = { ...this.#position, offset: offset as number };
    }
  }
}
