/** HTTP/1.1 answers on one connection (RFC 9112): whole ones, and streams that arrive in parts. */

export interface ResponseListener {
  /** @param body valid only during the call */
  onResponse(status: number, body: Buffer): void;
  /** A part of the body of a stream. @param part valid only during the call */
  onPart(part: Buffer): void;
  /** The stream has begun, or was ended by the server. */
  onStream(state: 'open' | 'over'): void;
  /** Nothing that follows can be read. */
  onInvalid(): void;
}

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const maxHeadBytes = 65_536;

type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; readonly status: number; readonly bytes: number }
  /** Without a length: until the connection ends. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'chunk-size'; readonly status: number; readonly parts: Buffer[] }
  | { readonly kind: 'chunk'; readonly status: number; readonly parts: Buffer[]; readonly bytes: number }
  | { readonly kind: 'trailer'; readonly status: number; readonly parts: Buffer[] }
  | { readonly kind: 'invalid' };

const head: State = { kind: 'head' };

export class HttpResponses {
  #state: State = head;
  #rest: Buffer | undefined;

  /** @param isStream whether an answer with 200 is a stream, whose parts are passed on as they come */
  constructor(
    private readonly isStream: boolean,
    private readonly listener: ResponseListener,
  ) {}

  read(arrived: Buffer): void {
    let bytes = this.#rest === undefined ? arrived : Buffer.concat([this.#rest, arrived]);
    for (;;) {
      const taken = this.#step(bytes);
      if (taken < 0) break;
      bytes = bytes.subarray(taken);
    }
    this.#rest = bytes.length > 0 ? Buffer.from(bytes) : undefined;
  }

  /** @returns how many bytes it took; −1: it needs more */
  #step(bytes: Buffer): number {
    const state = this.#state;
    switch (state.kind) {
      case 'head':
        return this.#readHead(bytes);
      case 'length': {
        if (bytes.length < state.bytes) return -1;
        this.#state = head;
        this.listener.onResponse(state.status, bytes.subarray(0, state.bytes));
        return state.bytes;
      }
      case 'endless':
        if (bytes.length === 0) return -1;
        this.listener.onPart(bytes);
        return bytes.length;
      case 'chunk-size': {
        const end = bytes.indexOf(lineEnd);
        if (end < 0) return -1;
        const size = Number.parseInt(bytes.toString('latin1', 0, end), 16);
        if (Number.isNaN(size)) return this.#fail(bytes);
        this.#state = size === 0 ? { ...state, kind: 'trailer' } : { ...state, kind: 'chunk', bytes: size };
        return end + 2;
      }
      case 'chunk': {
        if (bytes.length < state.bytes + 2) return -1;
        this.#takeChunk(state, bytes.subarray(0, state.bytes));
        this.#state = { kind: 'chunk-size', status: state.status, parts: state.parts };
        return state.bytes + 2;
      }
      case 'trailer': {
        const end = bytes.indexOf(lineEnd);
        if (end < 0) return -1;
        if (end > 0) return end + 2;
        this.#state = head;
        if (this.#streams(state.status)) this.listener.onStream('over');
        else this.listener.onResponse(state.status, Buffer.concat(state.parts));
        return 2;
      }
      case 'invalid':
        return -1;
    }
  }

  #takeChunk({ status, parts }: { readonly status: number; readonly parts: Buffer[] }, chunk: Buffer): void {
    if (this.#streams(status)) this.listener.onPart(chunk);
    else parts.push(Buffer.from(chunk));
  }

  #streams(status: number): boolean {
    return this.isStream && status === 200;
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf(headEnd);
    if (end < 0) return bytes.length > maxHeadBytes ? this.#fail(bytes) : -1;
    const text = bytes.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) return this.#fail(bytes);
    const length = /^content-length: *(\d+)/im.exec(text)?.[1];
    const isChunked = /^transfer-encoding:.*\bchunked/im.test(text);
    if (this.#streams(status)) this.listener.onStream('open');
    if (isChunked) this.#state = { kind: 'chunk-size', status, parts: [] };
    else if (length !== undefined || status === 204 || status === 304 || status < 200)
      this.#state = { kind: 'length', status, bytes: Number(length ?? 0) };
    else this.#state = { kind: 'endless' };
    return end + headEnd.length;
  }

  #fail(bytes: Buffer): number {
    this.#state = { kind: 'invalid' };
    this.listener.onInvalid();
    return bytes.length;
  }
}
