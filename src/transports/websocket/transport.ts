/** The WebSocket transport: upgrades of an HTTP server to sessions of the engine. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ClientGate } from '../client-gate.js';
import type { Refusal } from '../refusal.js';
import type { ClientEndpoint, Transport, TransportPorts } from '../transport.js';
import { unspokenSubprotocol } from '../unspoken-protocol.js';
import { codecOfUrl, codecSubprotocols, encodingOf } from './codecs.js';
import { ClientSocket, WebSocketConnection } from './connection.js';
import { Probes } from './probes.js';
import { findRefusal, refuseUpgrade, subprotocolsOf, tidyHandshake } from './upgrade.js';

/** The purpose of the sockets of a path. */
export interface SocketPurpose<Asked = unknown> {
  readonly socketClass: typeof ClientSocket;
  /** The first offer of a client that is among these is confirmed. */
  readonly subprotocols?: readonly string[];
  /** Whether clients may send probes here. */
  readonly hasProbes?: boolean;
  /** Reads what the request asks for, beyond the checks for every upgrade. */
  read(request: IncomingMessage): Refusal | Asked;
  /** Opens a session and gives it to the socket. Must not retain the request. */
  open(ws: ClientSocket, socket: Duplex, request: IncomingMessage, asked: Asked): void;
}

interface WebSocketTransportOptions {
  readonly path: string;
  readonly gate: ClientGate;
  /** Default: clients that use the two-way protocol. */
  readonly purpose?: SocketPurpose;
  /** Most fragments of one message. Default: 64. */
  readonly maxFragments?: number;
  /** How long the peer may take to answer a close frame, in milliseconds. Default: 4,500. */
  readonly closeTimeoutMs?: number;
}

export class WebSocketTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #gate: ClientGate;
  readonly #purpose: SocketPurpose;
  readonly #server: WebSocketServer;
  readonly #probes: Probes | undefined;
  readonly #open = new Set<ClientSocket>();
  /** One function shared by all sockets. */
  readonly #onEnd = (socket: ClientSocket): void => {
    this.#open.delete(socket);
  };

  constructor(ports: TransportPorts, options: WebSocketTransportOptions) {
    this.#gate = options.gate;
    const { path, purpose = twoWay(ports, options.gate) } = options;
    this.#purpose = purpose;
    this.endpoints = [{ path, upgrade: (request, socket, head) => this.#upgrade(request, socket, head) }];
    const maxFragments = options.maxFragments ?? 64;
    this.#server = new WebSocketServer({
      WebSocket: purpose.socketClass,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: ports.limits.maxFrameBytes,
      maxFragments,
      // Bounds the number of chunks that a frame may arrive in.
      maxBufferedChunks: 4_096,
      // The sockets answer pings themselves.
      autoPong: false,
      // At most 5 seconds, including late timers.
      closeTimeout: options.closeTimeoutMs ?? 4_500,
      // The protocol needs no subprotocol; clients that offer ours get it confirmed.
      handleProtocols: (offered) => {
        const { subprotocols } = purpose;
        if (subprotocols === undefined) return false;
        for (const subprotocol of offered) if (subprotocols.includes(subprotocol)) return subprotocol;
        ports.refusals.tell(unspokenSubprotocol(offered, subprotocols));
        return false;
      },
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    const onInvalid = (error: Error, socket: Duplex, request: IncomingMessage) => {
      this.#refuse(request, socket, { status: 400, message: error.message });
    };
    this.#server.on('wsClientError', onInvalid);
    this.#probes = purpose.hasProbes === true ? new Probes(ports.clock, onInvalid) : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const gate = this.#gate;
    const subprotocols = subprotocolsOf(request);
    const probes = this.#probes?.isProbe(subprotocols) === true ? this.#probes : undefined;
    const asked = gate.findClosing() ?? findRefusal(request, gate, subprotocols) ?? this.#purpose.read(request);
    const refusal = isRefusal(asked) ? asked : (probes?.findFull() ?? gate.findFull(request));
    if (refusal !== undefined) {
      this.#refuse(request, socket, refusal);
      return;
    }
    tidyHandshake(request, subprotocols);
    if (probes !== undefined) {
      probes.upgrade(request, socket, head);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // safe: the server makes sockets of this class
      this.#accept(ws as ClientSocket, socket, request, asked);
    });
  }

  /** Retains nothing of the request: creates no closure over it. */
  #accept(ws: ClientSocket, socket: Duplex, request: IncomingMessage, asked: unknown): void {
    // safe: an upgrade arrives over TCP or TLS, both of which are net.Socket
    (socket as Socket).setNoDelay(true);
    this.#open.add(ws);
    ws.socket = socket;
    ws.onEnd = this.#onEnd;
    this.#purpose.open(ws, socket, request, asked);
  }

  /** Cuts all open connections, without a closing handshake. */
  terminateAll(): void {
    for (const ws of this.#open) ws.terminate();
    this.#probes?.terminateAll();
  }

  #refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    this.#gate.noteRefusal(request, refusal);
    refuseUpgrade(socket, refusal);
  }
}

function isRefusal(asked: unknown): asked is Refusal {
  return typeof asked === 'object' && asked !== null && 'status' in asked;
}

/** Retains nothing of the request either. */
function twoWay(ports: TransportPorts, gate: ClientGate): SocketPurpose<string> {
  return {
    socketClass: ClientSocket,
    subprotocols: codecSubprotocols,
    hasProbes: true,
    read: ({ url = '' }) => codecOfUrl(url),
    open(ws, socket, request, codec) {
      const encoding = encodingOf(ws.protocol === '' ? codec : ws.protocol);
      ws.session = ports.open(new WebSocketConnection(ws, socket, encoding), gate.handshakeOf(request));
    },
  };
}
