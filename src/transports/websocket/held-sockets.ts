/** The WebSocket transport where a library has answered the upgrade and holds the socket: sessions for its hooks. */

import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Cancel } from '../../engine/ports/clock.js';
import type { Connection, Encoding } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import type { RequestHead } from '../../http/request-head.js';
import { type WebRequest, webHead } from '../../http/web-head.js';
import type { Disconnect } from '../../model/codes.js';
import type { ClientGate } from '../client-gate.js';
import { findForeignUpgrade } from '../foreign-page.js';
import { Goodbyes } from '../goodbyes.js';
import type { Refusal } from '../refusal.js';
import type { Transport, TransportPorts } from '../transport.js';
import { unspokenSubprotocol } from '../unspoken-protocol.js';
import { closeReason } from './close-reason.js';
import { codecOfUrl, codecSubprotocols, encodingOf, encodingsWith } from './codecs.js';
import { HeldMessages, heldFraming } from './held-messages.js';
import type { HeldMessage, HeldSocket, SocketHooks } from './socket-hooks.js';
import { subprotocolsOf } from './upgrade.js';

/** RFC 6455 section 7.4.1, and the registry of close codes. */
const messageTooBig = 1_009;
const tryAgainLater = 1_013;
/** How long the peer may take to answer a close frame: with late timers at most 5 seconds. */
const closeTimeoutMs = 4_500;

const encodings = encodingsWith(heldFraming);

export class HeldSockets implements Transport {
  /** Requests come by the hooks. */
  readonly endpoints = [];
  readonly #ports: TransportPorts;
  readonly #gate: ClientGate;
  readonly #goodbyes: Goodbyes<OpenSocket>;
  /** Those that were refused, or closed for what they sent, are not here any more. */
  readonly #open = new Map<HeldSocket, OpenSocket>();
  /** By codec. */
  readonly #messages = new Map<string, HeldMessages>();

  constructor(ports: TransportPorts, gate: ClientGate) {
    this.#ports = ports;
    this.#gate = gate;
    this.#goodbyes = new Goodbyes(ports);
  }

  /** @param endsInMs when the platform ends a socket that it opens now; `undefined`: never */
  hooks(endsInMs: () => number | undefined): SocketHooks {
    return {
      upgrade: (request) => this.#upgrade(request),
      open: (socket) => this.#accept(socket, endsInMs()),
      message: (socket, message) => this.#take(socket, message),
      close: (socket) => this.#closed(socket),
      error: (socket, error) => this.#open.get(socket)?.session?.connectionFailed(error),
      ping: (socket) => this.#open.get(socket)?.session?.receiveControl(),
      pong: (socket) => this.#open.get(socket)?.session?.receiveControl(),
    };
  }

  terminateAll(): void {
    for (const socket of this.#open.keys()) socket.terminate();
  }

  #upgrade(request: Pick<WebRequest, 'url' | 'headers'>): ReturnType<SocketHooks['upgrade']> {
    const head = headOf(request, '');
    const refusal = head === undefined ? badUrl : (this.#gate.findClosing() ?? findForeignUpgrade(head, this.#gate));
    if (refusal !== undefined) {
      const { status, message, headers = {} } = refusal;
      this.#gate.noteRefusal(head ?? noHead, refusal);
      return new Response(`${message}\n`, { status, headers });
    }
    const offered = head === undefined ? [] : subprotocolsOf(head);
    const confirmed = confirmedOf(offered);
    if (confirmed !== undefined) return { headers: { 'sec-websocket-protocol': confirmed } };
    if (offered.length > 0) this.#ports.refusals.tell(unspokenSubprotocol(offered, codecSubprotocols));
    return { headers: {} };
  }

  #accept(socket: HeldSocket, endsInMs: number | undefined): void {
    const head = headOf(socket.request, socket.remoteAddress ?? '');
    // Only now the address is known, and the connection opens at once.
    const refusal = head === undefined ? badUrl : this.#gate.findFull(head);
    if (head === undefined || refusal !== undefined) {
      this.#gate.noteRefusal(head ?? noHead, refusal ?? badUrl);
      socket.close(tryAgainLater, closeReason(refusal?.message ?? ''));
      return;
    }
    const codec = confirmedOf(subprotocolsOf(head)) ?? codecOfUrl(head.url ?? '');
    const encoding = encodingOf(codec, encodings);
    const connection = new HeldConnection(socket, encoding, this.#messagesOf(codec), this.#ports);
    const open: OpenSocket = { connection, session: this.#ports.open(connection, this.#gate.handshakeOf(head)) };
    this.#open.set(socket, open);
    if (endsInMs !== undefined) this.#goodbyes.schedule(open, endsInMs);
  }

  #take(socket: HeldSocket, message: HeldMessage): void {
    const session = this.#open.get(socket)?.session;
    if (session === undefined) return;
    const data = typeof message.rawData === 'string' ? message.rawData : message.uint8Array();
    if (Buffer.byteLength(data) <= session.maxFrameBytes) {
      session.receive(data);
      return;
    }
    session.explain(limitReached('maxFrameBytes', session.maxFrameBytes), messageTooBig);
    socket.close(messageTooBig, '');
    this.#closed(socket);
  }

  /** Idempotent. */
  #closed(socket: HeldSocket): void {
    const open = this.#open.get(socket);
    if (open === undefined) return;
    this.#open.delete(socket);
    if (this.#goodbyes.size > 0) this.#goodbyes.cancel(open);
    open.connection.closed();
    open.session?.connectionClosed();
  }

  #messagesOf(codec: string): HeldMessages {
    let messages = this.#messages.get(codec);
    if (messages === undefined) {
      messages = new HeldMessages(codec === 'centrifuge-json');
      this.#messages.set(codec, messages);
    }
    return messages;
  }
}

interface OpenSocket {
  readonly connection: HeldConnection;
  readonly session: Session | undefined;
}

class HeldConnection implements Connection {
  readonly transport = 'websocket';
  #isOpen = true;
  #cancel: Cancel | undefined;

  constructor(
    private readonly socket: HeldSocket,
    readonly encoding: Encoding,
    private readonly messages: HeldMessages,
    private readonly ports: Pick<TransportPorts, 'clock'>,
  ) {}

  get bufferedBytes(): number {
    const { socket } = this;
    return socket.bufferedAmount ?? socket.websocket?.bufferedAmount ?? 0;
  }

  write(bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    // Compressed for each socket of its own, it would cost more than it saves.
    for (const message of this.messages.of(bytes)) this.socket.send(message, { compress: false });
  }

  close(disconnect: Disconnect): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.socket.close(disconnect.code, closeReason(disconnect.reason));
    this.#cancel = this.ports.clock.schedule(() => this.socket.terminate(), closeTimeoutMs);
  }

  /** Called when the socket has closed. */
  closed(): void {
    this.#isOpen = false;
    this.#cancel?.();
  }
}

const badUrl: Refusal = { status: 400, message: 'the address of the upgrade is none' };
const noHead: RequestHead = { httpVersion: '1.1', httpVersionMajor: 1, headers: {}, rawHeaders: [], socket: {} };

function headOf({ url, headers }: Pick<WebRequest, 'url' | 'headers'>, remoteAddress: string): RequestHead | undefined {
  return URL.canParse(url) ? webHead({ method: 'GET', url, headers }, remoteAddress) : undefined;
}

/** The first of those that are spoken. */
function confirmedOf(offered: readonly string[]): string | undefined {
  return offered.find((subprotocol) => codecSubprotocols.includes(subprotocol));
}
