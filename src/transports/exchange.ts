/** One plain request of a client, from the checks to the answer. */

import { isUtf8 } from 'node:buffer';
import type { OutgoingHttpHeaders } from 'node:http';
import { BodyAborted } from '../http/body.js';
import type { AnswerStream, HttpExchange } from '../http/exchange.js';
import { mediaTypeOf } from '../http/media-type.js';
import type { RequestHead } from '../http/request-head.js';
import type { RefusalLine } from '../model/refusal-line.js';
import type { EncodedMessage } from '../protocols/protocol.js';
import { jsonType } from './body-types.js';
import type { ClientGate } from './client-gate.js';
import { corsHeaders, preflightHeaders } from './cors.js';
import { Recipient } from './recipient.js';
import type { Refusal } from './refusal.js';
import type { ClientEndpoint, TransportPorts } from './transport.js';
import { unspokenType } from './unspoken-protocol.js';

/** For every answer: it is current, for this client only, and no intermediary may compress or buffer it. */
const uncached = { 'Cache-Control': 'no-store, no-transform', 'X-Content-Type-Options': 'nosniff' } as const;

const plainText = 'text/plain; charset=utf-8';

/** Size of the envelope without the frame: two ids and punctuation. */
const maxEnvelopeBytes = 1_024;

export type ExchangePorts = Pick<TransportPorts, 'clock' | 'log' | 'limits'>;

/**
 * An endpoint for plain requests.
 *
 * @param transport its name in the log if `take` throws or rejects, which is answered with 500
 */
export function plainEndpoint(
  path: string,
  transport: string,
  parts: { readonly ports: ExchangePorts; readonly gate: ClientGate },
  take: (exchange: Exchange) => Promise<void> | void,
): ClientEndpoint {
  return {
    path,
    handle(http) {
      const exchange = new Exchange(http, parts.ports, parts.gate);
      const serve = async () => take(exchange);
      serve().catch((error: unknown) => {
        parts.ports.log.error({ err: error, transport }, 'a request could not be answered');
        if (http.isAnswered) http.stream.destroy();
        else exchange.answer(500, 'internal server error\n');
      });
    },
  };
}

export class Exchange {
  constructor(
    readonly http: HttpExchange,
    private readonly ports: ExchangePorts,
    private readonly gate: ClientGate,
  ) {}

  /** The head that the gate checks. */
  get head(): RequestHead {
    return this.http.head;
  }

  /** The body of the answer after {@link begin}. */
  get stream(): AnswerStream {
    return this.http.stream;
  }

  /** Whether the request may proceed. If not, it has been answered. */
  isWelcome(methods: readonly string[]): boolean {
    const unwelcome = findUnwelcome(this.head, this.gate, methods);
    if (unwelcome === undefined) return true;
    if (unwelcome === 'preflight') this.answer(204, '', preflightHeaders(methods));
    else this.refuse(unwelcome);
    return false;
  }

  /** Resolves with a JSON body that contains a frame. */
  async readJsonEnvelope(maxFrameBytes: number): Promise<string | undefined> {
    const body = await this.readEnvelope(maxFrameBytes, [jsonType]);
    return typeof body === 'string' ? body : undefined;
  }

  /** Like {@link readBody}, for a body that contains a frame; within JSON a frame may be twice as long: `"` becomes `\"`. */
  readEnvelope(maxFrameBytes: number, types: readonly string[]): Promise<EncodedMessage | undefined> {
    return this.readBody(2 * maxFrameBytes + maxEnvelopeBytes, types);
  }

  /**
   * Resolves with the body: JSON as text, protobuf as bytes; `undefined` if it was refused, or the client has gone.
   *
   * @param types which of body-types.ts are read. Others are refused: pages of other sites can send those without a
   *   preflight
   */
  async readBody(maxBytes: number, types: readonly string[]): Promise<EncodedMessage | undefined> {
    const type = mediaTypeOf(this.head.headers['content-type']);
    if (!types.includes(type)) {
      this.refuse({ status: 415, message: `use Content-Type: ${types.join(' or ')}`, why: unspokenType(type, types) });
      return undefined;
    }
    const body = await this.readBytes(maxBytes);
    if (body === undefined || this.http.isOver) return undefined;
    if (!(body instanceof Uint8Array)) this.refuse(body);
    else if (type !== jsonType) return body;
    else if (isUtf8(body)) return Buffer.from(body).toString();
    else this.refuse({ status: 400, message: 'not UTF-8' });
    return undefined;
  }

  /** Resolves with the body, or why it is refused; `undefined`: the client has gone. */
  async readBytes(maxBytes: number): Promise<Uint8Array | Refusal | undefined> {
    const { clock, limits } = this.ports;
    let cancel = (): void => undefined;
    const late = new Promise<Refusal>((resolve) => {
      const refusal = { status: 408, message: 'the body took too long', why: slowBody };
      cancel = clock.schedule(() => resolve(refusal), limits.connectTimeoutMs);
    });
    try {
      const read = await Promise.race([this.http.readBody(maxBytes), late]);
      return read ?? { status: 413, message: 'too large', why: largeBody(maxBytes) };
    } catch (error) {
      if (error instanceof BodyAborted) return undefined;
      throw error;
    } finally {
      cancel();
    }
  }

  /** The client that waits for the answer. */
  recipient(): Recipient {
    const recipient = new Recipient();
    this.http.onLeave(() => recipient.leave());
    return recipient;
  }

  refuse(refusal: Refusal): void {
    this.gate.noteRefusal(this.head, refusal);
    this.answer(refusal.status, `${refusal.message}\n`, refusal.headers);
  }

  /** Sends the whole answer. No effect if there is an answer already. */
  answer(status: number, body: string | Uint8Array = '', headers: OutgoingHttpHeaders = {}): void {
    if (this.http.isAnswered) return;
    const described = status !== 204 && { 'Content-Type': plainText, 'Content-Length': Buffer.byteLength(body) };
    this.http.answer(status, { ...uncached, ...described, ...corsHeaders(this.head, this.gate), ...headers }, body);
  }

  /** Sends the head of an answer that does not end by itself. */
  begin(contentType: string): void {
    this.http.begin({
      ...uncached,
      // Otherwise nginx would buffer the response.
      'X-Accel-Buffering': 'no',
      'Content-Type': contentType,
      ...corsHeaders(this.head, this.gate),
    });
  }
}

/** Why a request is answered by its head alone: a page that may not connect, a method that is not allowed, a preflight. */
export function findUnwelcome(
  request: RequestHead,
  gate: ClientGate,
  methods: readonly string[],
): Refusal | 'preflight' | undefined {
  const foreign = gate.findForeign(request);
  if (foreign !== undefined) return foreign;
  const { method = '' } = request;
  if (method === 'OPTIONS') return 'preflight';
  if (methods.includes(method)) return undefined;
  const allow = methods.join(', ');
  return { status: 405, message: `use ${allow}`, headers: { Allow: `${allow}, OPTIONS` } };
}

const slowBody: RefusalLine = {
  check: 'request body',
  key: 'slow',
  fields: { option: 'limits.connectTimeout' },
  message: 'request refused: its body was not there within limits.connectTimeout',
  level: 'info',
};

/** @param maxBytes of the body, which may contain a frame as a JSON string */
export function largeBody(maxBytes: number): RefusalLine {
  return {
    check: 'request body',
    key: 'large',
    fields: { option: 'limits.maxFrameBytes', maxBytes },
    message: 'request refused: its body, or the frame in it, is larger than limits.maxFrameBytes allows',
  };
}
