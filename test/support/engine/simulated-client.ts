/** A client of the Centrifugal protocol inside the simulation: it subscribes to one channel and recovers as SDKs do. */

import type { Node } from '../../../src/engine/node.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import { centrifugalProtobuf } from '../../../src/protocols/centrifugal/protobuf-protocol.js';
import { DeltaReader } from '../centrifuge/delta-reader.js';
import { messagesOfProtobuf, protobufOfLines } from '../documents/protobuf-sdk.js';
import { plainEncoding, RecordedConnection } from './recorded-connection.js';

/** One publication as it reached the application above the SDK. */
export interface Delivery {
  readonly epoch: string;
  readonly offset: number;
  readonly value: unknown;
}

/** How a subscription began, as the client was told. */
export interface Start {
  readonly epoch: string;
  readonly offset: number;
  readonly wasRecovering: boolean;
  readonly recovered: boolean;
  /** How many deliveries there had been. */
  readonly deliveredBefore: number;
  /** Publications that came with the reply. */
  readonly publications: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Shared, so that clients get the very bytes that others get. */
const encodings = {
  json: plainEncoding(),
  protobuf: { ...plainEncoding(), protocol: centrifugalProtobuf },
} as const;

class SimulatedConnection extends RecordedConnection {
  /** Written and not yet read by the client; lost with a cut. */
  readonly inFlight: Uint8Array[] = [];
  /** Written, and not taken by the line; lost with a cut. */
  readonly #waiting: Uint8Array[] = [];
  #isStalled = false;

  override write(bytes: Uint8Array): void {
    if (this.closedWith !== undefined) return;
    if (this.#isStalled) {
      this.#waiting.push(bytes);
      this.bufferedBytes += bytes.length;
    } else this.inFlight.push(bytes);
  }

  /** The line takes so many of the frames that wait, and then no more. */
  stall(numFrames = 0): void {
    this.#isStalled = true;
    for (const bytes of this.#waiting.splice(0, numFrames)) {
      this.bufferedBytes -= bytes.length;
      this.inFlight.push(bytes);
    }
  }

  /** The line takes everything. */
  flow(): void {
    this.stall(this.#waiting.length);
    this.#isStalled = false;
  }
}

export interface SimulatedOptions {
  /** Whether it asks for deltas. Default: `false`. */
  readonly delta?: boolean;
  /** Default: `json`. */
  readonly codec?: keyof typeof encodings;
  /** By tags, as the protocol writes it. Default: none. */
  readonly filter?: object | undefined;
  /** Whether recoveries may come in pages. Default: `false`. */
  readonly inPages?: boolean;
}

export class SimulatedClient {
  readonly deliveries: Delivery[] = [];
  readonly starts: Start[] = [];
  readonly errors: number[] = [];
  /** Unsubscribed by the server with these codes. */
  readonly unsubscribes: number[] = [];
  readonly closes: number[] = [];
  session: Session | undefined;
  connection: SimulatedConnection | undefined;
  isSubscribed = false;
  /** Publications that came before the reply to `subscribe`: an SDK would hand them to the application. */
  early = 0;
  #position: { offset: number; epoch: string } | undefined;
  #nextId = 0;
  #subscribeId = 0;
  /** Subscribes that were followed by an `unsubscribe`: an SDK does not look at their replies. */
  readonly #givenUp = new Set<number>();
  /** Until its reply, publications of the old subscription may still come. */
  #unsubscribeId = 0;
  /** Of all subscriptions of this client, as in the SDK; `undefined` if it does not ask for deltas. */
  readonly deltas: DeltaReader | undefined;
  #hasDeltas = false;
  readonly #codec: keyof typeof encodings;
  readonly #filter: object | undefined;
  readonly #inPages: boolean;
  /** The number that stands for the channel in this subscription, if it was told one. */
  #channelId: number | undefined;
  /** Pushes to a subscription with another number than its own: an SDK drops them. */
  strays = 0;

  constructor(
    readonly node: Node,
    readonly channel: string,
    { delta = false, codec = 'json', filter, inPages = false }: SimulatedOptions = {},
  ) {
    this.#codec = codec;
    this.#filter = filter;
    this.#inPages = inPages;
    this.deltas = delta ? new DeltaReader(codec) : undefined;
  }

  get position(): { readonly offset: number; readonly epoch: string } | undefined {
    return this.#position;
  }

  get isConnected(): boolean {
    return this.session !== undefined && this.connection?.closedWith === undefined;
  }

  connect(): void {
    if (this.session !== undefined) return;
    this.connection = new SimulatedConnection(encodings[this.#codec]);
    this.session = this.node.ports.open(this.connection, { headers: new Map(), url: '/', remoteAddress: '127.0.0.1' });
    this.#nextId = 0;
    this.#givenUp.clear();
    this.isSubscribed = false;
    this.send({ id: ++this.#nextId, connect: {} });
    this.#subscribe();
  }

  unsubscribe(): void {
    if (this.session === undefined) return;
    this.#unsubscribeId = ++this.#nextId;
    this.send({ id: this.#unsubscribeId, unsubscribe: { channel: this.channel } });
    this.isSubscribed = false;
    this.#position = undefined;
    this.#givenUp.add(this.#subscribeId);
    this.#subscribeId = 0;
  }

  subscribe(): void {
    if (this.session !== undefined && !this.isSubscribed && this.#subscribeId === 0) this.#subscribe();
  }

  publish(value: unknown): void {
    this.send({ id: ++this.#nextId, publish: { channel: this.channel, data: value } });
  }

  send(command: unknown): void {
    const line = JSON.stringify(command);
    this.session?.receive(this.#codec === 'json' ? line : protobufOfLines(line));
  }

  /** The network goes: what was under way is lost, and the server notices. */
  cut(): void {
    this.connection = undefined;
    this.isSubscribed = false;
    this.#subscribeId = 0;
    this.#unsubscribeId = 0;
    const { session } = this;
    this.session = undefined;
    session?.connectionClosed();
  }

  /** Reads what has arrived. */
  read(): void {
    const { connection } = this;
    if (connection === undefined) return;
    for (const frame of connection.inFlight.splice(0)) {
      // safe: the server's own encoder is under test elsewhere
      const messages = this.#codec === 'json' ? linesOf(frame) : (messagesOfProtobuf(frame) as Json[]);
      for (const message of messages) this.#receive(message);
    }
    if (connection.closedWith === undefined || this.connection !== connection) return;
    this.closes.push(connection.closedWith.code);
    this.cut();
  }

  #subscribe(): void {
    this.#subscribeId = ++this.#nextId;
    const since = this.#position && { recover: true, ...this.#position };
    this.send({
      id: this.#subscribeId,
      subscribe: {
        channel: this.channel,
        flag: this.#inPages ? 65_537 : 1,
        ...(this.deltas && { delta: 'fossil' }),
        ...(this.#filter && { tf: this.#filter }),
        ...since,
      },
    });
  }

  #receive(message: Json): void {
    if (message.id !== undefined) {
      this.#receiveReply(message);
      return;
    }
    const push = message.push as Json | undefined;
    if (push?.id !== undefined && push.id !== this.#channelId) {
      if (this.isSubscribed) this.strays++;
      return;
    }
    if (push === undefined) this.send({});
    else if (push.pub !== undefined) {
      if (this.isSubscribed) this.#deliver(push.pub as Json);
      else if (this.#subscribeId !== 0 && this.#unsubscribeId === 0) this.early++;
    }
    if (push?.unsubscribe !== undefined) this.#unsubscribed((push.unsubscribe as Json).code as number);
  }

  #receiveReply(message: Json): void {
    const id = message.id as number;
    if (message.error !== undefined && !this.#givenUp.has(id)) this.errors.push((message.error as Json).code as number);
    if (id === this.#unsubscribeId) this.#unsubscribeId = 0;
    if (id !== this.#subscribeId) return;
    this.#subscribeId = 0;
    const result = message.subscribe as Json | undefined;
    if (result === undefined) return;
    const {
      epoch = '',
      offset = 0,
      recovered = false,
      was_recovering: wasRecovering = false,
    } = result as never as Start & { was_recovering?: boolean };
    const publications = (result.publications ?? []) as readonly Json[];
    this.isSubscribed = true;
    this.#hasDeltas = result.delta === true;
    this.#channelId = result.id as number | undefined;
    this.#position = { offset, epoch };
    this.starts.push({
      epoch,
      offset,
      recovered,
      wasRecovering,
      deliveredBefore: this.deliveries.length,
      publications: publications.length,
    });
    for (const publication of publications) this.#deliver(publication);
  }

  #deliver(publication: Json): void {
    const { offset = 0 } = publication as { offset?: number };
    const read = this.#hasDeltas && this.deltas ? this.deltas.read(publication) : publication.data;
    const data = read instanceof Uint8Array ? JSON.parse(Buffer.from(read).toString()) : read;
    const epoch = this.#position?.epoch ?? '';
    this.deliveries.push({ epoch, offset, value: data });
    if (offset > 0) this.#position = { offset, epoch };
  }

  #unsubscribed(code: number): void {
    // About an earlier subscription than the one that is being asked for.
    if (this.#subscribeId !== 0) return;
    this.unsubscribes.push(code);
    this.isSubscribed = false;
    if (code >= 2500) this.#subscribe();
    else this.#position = undefined;
  }
}

function linesOf(frame: Uint8Array): Json[] {
  return Buffer.from(frame)
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line));
}
