/** WebSockets of simulated clients: the class that the SDK is given, and the engine's connection at the other end. */

import type { Connection, Encoding } from '../../../src/engine/ports/connection.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import type { Disconnect } from '../../../src/model/codes.js';
import { codecOfUrl, encodingOf } from '../../../src/transports/websocket/codecs.js';
import type { SimProcess } from '../time/sim-process.js';
import type { ClientLine, ClientNet } from './client-net.js';

/** Where a client is led. */
export interface Balancer {
  /** `undefined`: nobody listens. */
  pick(client: string): SimListener | undefined;
}

/** What listens for clients on a node. */
export interface SimListener {
  readonly process: SimProcess;
  /** A socket arrives. `undefined`: it is refused. */
  openSocket(connection: Connection, client: string): Session | undefined;
}

/** As `ws` has it: a peer that does not answer the closing handshake is cut off. */
const closeTimeoutMs = 4_500;
/** As browsers have it. */
const clientCloseMs = 10_000;
const abnormal = { code: 1_006, reason: '' };

export interface SocketPorts {
  readonly balancer: Balancer;
  netOf(client: string): ClientNet;
  schedule(task: () => void, delayMs: number): void;
}

export function simWebSocket(ports: SocketPorts): new (url: string, protocols?: string | string[]) => unknown {
  return class SimWebSocket {
    binaryType = 'arraybuffer';
    readyState = 0;
    readonly protocol: string;
    onopen: ((event: unknown) => void) | null = null;
    onmessage: ((event: { readonly data: unknown }) => void) | null = null;
    onerror: ((event: unknown) => void) | null = null;
    onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
    #line: ClientLine | undefined;
    #end: ServerSocket | undefined;

    constructor(url: string, protocols?: string | string[]) {
      const { hostname } = new URL(url);
      const client = hostname.split('.')[0] ?? '';
      this.protocol = [protocols ?? ''].flat()[0] ?? '';
      const codec = this.protocol === '' ? codecOfUrl(url) : this.protocol;
      const listener = ports.balancer.pick(client);
      if (listener === undefined) {
        ports.schedule(() => this.#closed(abnormal), 1);
        return;
      }
      const line = ports.netOf(client).open(listener.process);
      this.#line = line;
      line.onLost = () => this.#closed(abnormal);
      line.toNode.send(() => this.#accept(line, listener, client, codec));
    }

    send(data: string | Uint8Array): void {
      if (this.readyState !== 1) return;
      this.#line?.toNode.send(() => this.#end?.receive(data));
    }

    close(): void {
      if (this.readyState >= 2) return;
      this.readyState = 2;
      const line = this.#line;
      line?.toNode.send(() => this.#end?.closedByClient());
      ports.schedule(() => {
        line?.close();
        this.#closed(abnormal);
      }, clientCloseMs);
    }

    /** On the node. */
    #accept(line: ClientLine, listener: SimListener, client: string, codec: string): void {
      const end = new ServerSocket(line, encodingOf(codec), {
        message: (data) => {
          if (this.readyState <= 1) this.onmessage?.({ data });
        },
        close: (why) => {
          // Its answer to the closing handshake.
          line.toNode.send(() => end.closedByClient());
          this.#closed(why);
        },
      });
      const session = listener.openSocket(end, client);
      if (session === undefined) {
        line.end();
        return;
      }
      end.session = session;
      line.onGone = () => end.gone();
      this.#end = end;
      line.write(0, () => {
        if (this.readyState !== 0) return;
        this.readyState = 1;
        this.onopen?.({});
      });
    }

    #closed(why: { readonly code: number; readonly reason: string }): void {
      if (this.readyState === 3) return;
      const wasOpening = this.readyState === 0;
      this.readyState = 3;
      this.#line?.close();
      if (wasOpening) this.onerror?.({});
      this.onclose?.(why);
    }
  };
}

interface ClientEnd {
  message(data: string | Uint8Array): void;
  close(why: { readonly code: number; readonly reason: string }): void;
}

class ServerSocket implements Connection {
  readonly transport = 'websocket';
  session: Session | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    private readonly line: ClientLine,
    readonly encoding: Encoding,
    private readonly client: ClientEnd,
  ) {}

  get bufferedBytes(): number {
    return this.line.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.line.write(bytes.length, () => {
      for (const message of messagesOf(bytes)) this.client.message(message);
    });
  }

  close({ code, reason }: Disconnect): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.line.write(0, () => this.client.close({ code, reason }));
    this.line.node.schedule(() => this.#end(), closeTimeoutMs);
  }

  receive(data: string | Uint8Array): void {
    if (this.#state !== 'closed') this.session?.receive(data);
  }

  /** A close frame has come: the first, or the answer to one. */
  closedByClient(): void {
    if (this.#state === 'closed') return;
    // Its own close frame leaves before the end.
    if (this.#state === 'open') this.line.write(0, () => this.client.close({ code: 1_000, reason: '' }));
    this.gone();
  }

  /** The line has ended. */
  gone(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.session?.connectionClosed();
  }

  #end(): void {
    if (this.#state === 'closed') return;
    this.line.end();
    this.gone();
  }
}

/** The messages of whole frames, without masks (RFC 6455 section 5.2). */
function* messagesOf(bytes: Uint8Array): Generator<string | Uint8Array> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.length; ) {
    const isText = view[at] === 0x81;
    const short = view[at + 1] ?? 0;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? view.readUInt16BE(at + 2) : Number(view.readBigUInt64BE(at + 2));
    const payload = view.subarray(at + header, at + header + length);
    yield isText ? payload.toString() : new Uint8Array(payload);
    at += header + length;
  }
}
