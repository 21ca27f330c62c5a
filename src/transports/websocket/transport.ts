/** The WebSocket transport: upgrades of an HTTP server to sessions of the engine. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientGate } from '../client-gate.js';
import { Goodbyes } from '../goodbyes.js';
import type { Refusal } from '../refusal.js';
import type { ClientEndpoint, ListenerTerms, Transport, TransportPorts } from '../transport.js';
import { unspokenSubprotocol } from '../unspoken-protocol.js';
import { codecOfUrl, codecSubprotocols, type Encodings, encodingOf } from './codecs.js';
import { ClientSocket, DictionaryConnection, WebSocketConnection } from './connection.js';
import { deflateOffers } from './deflate-offer.js';
import { DeflatingServer } from './deflating-server.js';
import { type Agreement, Deflation } from './deflation.js';
import { Dictionaries } from './dictionaries.js';
import { Inflater } from './inflater.js';
import { Inflation } from './inflation.js';
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
  /** Whether frames may be compressed: only what several clients get is worth it. */
  readonly deflates?: boolean;
  /**
   * Opens a session and gives it to the socket. Must not retain the request.
   *
   * @param encodings of compressed frames, if that was agreed on
   * @param terms of the listener
   */
  open(
    ws: ClientSocket,
    socket: Duplex,
    request: IncomingMessage,
    asked: Asked,
    encodings: Encodings | undefined,
    terms: ListenerTerms,
  ): void;
}

interface WebSocketTransportOptions {
  readonly path: string;
  readonly gate: ClientGate;
  /** Default: clients that use the two-way protocol. */
  readonly purpose?: SocketPurpose;
  /** What a dictionary for clients with this subprotocol has in it: the same until there is a better one. Default: nothing. */
  readonly dictionaryFor?: (subprotocol: string) => Buffer;
  /** Most fragments of one message. Default: 64. */
  readonly maxFragments?: number;
  /** Most pieces in which the network may deliver one frame. Default: 4,096. */
  readonly maxBufferedChunks?: number;
  /** How long the peer may take to answer a close frame, in milliseconds. Default: 4,500. */
  readonly closeTimeoutMs?: number;
}

export class WebSocketTransport implements Transport {
  readonly endpoints: readonly ClientEndpoint[];
  readonly #gate: ClientGate;
  readonly #purpose: SocketPurpose;
  readonly #server: DeflatingServer;
  readonly #ports: TransportPorts;
  readonly #inflater: Inflater;
  /** By the shortest message that is compressed, so that listeners with the same one share frames. */
  readonly #deflations = new Map<number, Deflation>();
  readonly #probes: Probes | undefined;
  readonly #open = new Set<ClientSocket>();
  /** Of sockets whose platform ends them. */
  readonly #goodbyes: Goodbyes<ClientSocket>;
  /** One function shared by all sockets. */
  readonly #onEnd = (socket: ClientSocket): void => {
    this.#open.delete(socket);
    if (this.#goodbyes.size > 0) this.#goodbyes.cancel(socket);
  };

  constructor(ports: TransportPorts, options: WebSocketTransportOptions) {
    this.#gate = options.gate;
    const { path, dictionaryFor = nothing, purpose = twoWay(ports, options.gate, dictionaryFor) } = options;
    this.#purpose = purpose;
    this.#ports = ports;
    this.#inflater = new Inflater(ports);
    this.#goodbyes = new Goodbyes(ports);
    this.endpoints = [{ path, upgrade: (...upgrade) => this.#upgrade(...upgrade) }];
    const maxFragments = options.maxFragments ?? 64;
    this.#server = new DeflatingServer({
      WebSocket: purpose.socketClass,
      noServer: true,
      clientTracking: false,
      // Its own: a stream for each socket, and each frame compressed for each of them.
      perMessageDeflate: false,
      maxPayload: ports.limits.maxFrameBytes,
      maxFragments,
      maxBufferedChunks: options.maxBufferedChunks ?? 4_096,
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
    } as ConstructorParameters<typeof DeflatingServer>[0]);
    const onInvalid = (error: Error, socket: Duplex, request: IncomingMessage) => {
      this.#refuse(request, socket, { status: 400, message: error.message });
    };
    this.#server.on('wsClientError', onInvalid);
    this.#probes = purpose.hasProbes === true ? new Probes(ports.clock, onInvalid) : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, terms: ListenerTerms): void {
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
    const agreement = this.#agree(request, terms);
    const inflation = agreement && new Inflation(agreement.params, this.#inflater);
    this.#server.upgrade(request, socket, head, inflation, (ws) => {
      this.#accept(ws, socket, request, asked, agreement?.encodings, terms);
    });
  }

  #agree(request: IncomingMessage, { deflateMinBytes }: ListenerTerms): Agreement | undefined {
    if (deflateMinBytes === undefined || this.#purpose.deflates !== true) return undefined;
    const offers = deflateOffers(request) ?? [];
    if (offers.length === 0) return undefined;
    let deflation = this.#deflations.get(deflateMinBytes);
    if (deflation === undefined) {
      deflation = new Deflation(deflateMinBytes, this.#ports.counters);
      this.#deflations.set(deflateMinBytes, deflation);
    }
    return deflation.agree(offers);
  }

  /** Retains nothing of the request: creates no closure over it. */
  #accept(
    ws: ClientSocket,
    socket: Duplex,
    request: IncomingMessage,
    asked: unknown,
    encodings: Encodings | undefined,
    terms: ListenerTerms,
  ): void {
    // safe: an upgrade arrives over TCP or TLS, both of which are net.Socket
    (socket as Socket).setNoDelay(true);
    this.#open.add(ws);
    ws.socket = socket;
    ws.onEnd = this.#onEnd;
    this.#purpose.open(ws, socket, request, asked, encodings, terms);
    if (terms.maxConnectionMs !== undefined) this.#goodbyes.schedule(ws, terms.maxConnectionMs);
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

const empty = Buffer.alloc(0);
const nothing = (): Buffer => empty;

/** Retains nothing of the request either. */
function twoWay(
  ports: TransportPorts,
  gate: ClientGate,
  dictionaryFor: (subprotocol: string) => Buffer,
): SocketPurpose<string> {
  const dictionaries = new Dictionaries(dictionaryFor, ports.counters);
  return {
    socketClass: ClientSocket,
    subprotocols: codecSubprotocols,
    hasProbes: true,
    deflates: true,
    read: ({ url = '' }) => codecOfUrl(url),
    open(ws, socket, request, asked, encodings, { dictionary = false }) {
      const codec = ws.protocol === '' ? asked : ws.protocol;
      const encoding = encodingOf(codec, encodings);
      const connection = dictionary
        ? new DictionaryConnection(ws, socket, encoding, (held) => dictionaries.of(codec, held))
        : new WebSocketConnection(ws, socket, encoding);
      ws.session = ports.open(connection, gate.handshakeOf(request));
    },
  };
}
