/** The WebSocket transport: upgrades of an HTTP server to sessions of the engine. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Node } from '../../engine/node.js';
import type { Encoding } from '../../engine/ports/connection.js';
import { centrifugalJson } from '../../protocols/centrifugal/json-protocol.js';
import type { ClientGate } from '../client-gate.js';
import type { Refusal } from '../refusal.js';
import type { ClientEndpoint, Transport } from '../transport.js';
import { unspokenSubprotocol } from '../unspoken-protocol.js';
import { ClientSocket, WebSocketConnection } from './connection.js';
import { websocketFraming } from './framing.js';
import { Probes } from './probes.js';
import { findRefusal, refuseUpgrade, subprotocolsOf, tidyHandshake } from './upgrade.js';

/** What the sockets of a path are for. */
export interface SocketPurpose {
  readonly socketClass: typeof ClientSocket;
  /** Confirmed when a client offers it. */
  readonly subprotocol?: string;
  /** Clients may ask here whether WebSocket passes. */
  readonly hasProbes?: boolean;
  /** Beyond what holds for every upgrade. */
  findRefusal?(request: IncomingMessage): Refusal | undefined;
  /** Opens a session and gives it to the socket. Must not hold on to the request. */
  open(ws: ClientSocket, socket: Duplex, request: IncomingMessage): void;
}

interface WebSocketTransportOptions {
  readonly path: string;
  readonly gate: ClientGate;
  /** Default: clients that speak the protocol both ways. */
  readonly purpose?: SocketPurpose;
  /** Most fragments of one message. Default: 64. */
  readonly maxFragments?: number;
  /** How long the peer may take to answer a close frame, in milliseconds. Default: 4,500. */
  readonly closeTimeoutMs?: number;
}

/** Shared by all connections: its identity is the key of the bytes that they share. */
const jsonEncoding: Encoding = { protocol: centrifugalJson, framing: websocketFraming };

export class WebSocketTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #gate: ClientGate;
  readonly #purpose: SocketPurpose;
  readonly #server: WebSocketServer;
  readonly #probes: Probes | undefined;
  readonly #open = new Set<ClientSocket>();
  /** One function for all sockets. */
  readonly #onEnd = (socket: ClientSocket): void => {
    this.#open.delete(socket);
  };

  constructor(node: Node, options: WebSocketTransportOptions) {
    this.#gate = options.gate;
    const { path, purpose = twoWay(node, options.gate) } = options;
    this.#purpose = purpose;
    this.endpoints = [{ path, upgrade: (request, socket, head) => this.#upgrade(request, socket, head) }];
    const maxFragments = options.maxFragments ?? 64;
    this.#server = new WebSocketServer({
      WebSocket: purpose.socketClass,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: node.limits.maxFrameBytes,
      maxFragments,
      // One-byte chunks of one frame are gathered one by one; this bounds how many.
      maxBufferedChunks: 4_096,
      // The session counts pings and ends a flood with a code; this is for a peer that pings slowly and never reads.
      maxPendingAutoPongs: 4_096,
      // Nobody stays longer than 5 seconds, late timers included.
      closeTimeout: options.closeTimeoutMs ?? 4_500,
      // The protocol needs no subprotocol; clients that offer ours get it confirmed.
      handleProtocols: (offered) => {
        const { subprotocol } = purpose;
        if (subprotocol === undefined) return false;
        if (offered.has(subprotocol)) return subprotocol;
        node.refusals.tell(unspokenSubprotocol(offered, subprotocol));
        return false;
      },
    } as ConstructorParameters<typeof WebSocketServer>[0]);
    const onInvalid = (error: Error, socket: Duplex, request: IncomingMessage) => {
      this.#refuse(request, socket, { status: 400, message: error.message });
    };
    this.#server.on('wsClientError', onInvalid);
    this.#probes = purpose.hasProbes === true ? new Probes(node.clock, onInvalid) : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#findRefusal(request);
    if (refusal !== undefined) {
      this.#refuse(request, socket, refusal);
      return;
    }
    tidyHandshake(request, subprotocolsOf(request));
    if (this.#probes?.isProbe(request) === true) {
      this.#probes.upgrade(request, socket, head);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // safe: the server was told to make sockets of this class
      this.#accept(ws as ClientSocket, socket, request);
    });
  }

  /** Keeps nothing of the request: no function is made in here that would hold on to it. */
  #accept(ws: ClientSocket, socket: Duplex, request: IncomingMessage): void {
    // safe: an upgrade comes over TCP or TLS, both of which are net.Socket
    (socket as Socket).setNoDelay(true);
    this.#open.add(ws);
    ws.onEnd = this.#onEnd;
    this.#purpose.open(ws, socket, request);
  }

  /** Cuts what is still open, without a closing handshake. */
  terminateAll(): void {
    for (const ws of this.#open) ws.terminate();
    this.#probes?.terminateAll();
  }

  #findRefusal(request: IncomingMessage): Refusal | undefined {
    const gate = this.#gate;
    return (
      gate.findClosing() ??
      findRefusal(request, gate) ??
      this.#purpose.findRefusal?.(request) ??
      (this.#probes?.isProbe(request) === true ? this.#probes.findFull() : undefined) ??
      gate.findFull(request)
    );
  }

  #refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
    this.#gate.logRefusal(request, refusal);
    refuseUpgrade(socket, refusal);
  }
}

/** Keeps nothing of the request either. */
function twoWay(node: Node, gate: ClientGate): SocketPurpose {
  return {
    socketClass: ClientSocket,
    subprotocol: 'centrifuge-json',
    hasProbes: true,
    open(ws, socket, request) {
      ws.session = node.open(new WebSocketConnection(ws, socket, jsonEncoding), gate.handshakeOf(request));
    },
  };
}
