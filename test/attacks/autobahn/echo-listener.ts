/**
 * What Autobahn attacks: the WebSocket endpoint as it is, handshake, parser, decompression, pongs, close, writing of frames and
 * compression included. Only what a message means differs: the session answers with the message itself.
 */

import { createServer } from 'node:http';
import { MemoryBroker } from '../../../src/brokers/memory/broker.js';
import { denyAll } from '../../../src/engine/auth/anonymous.js';
import { Node } from '../../../src/engine/node.js';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import type { Session } from '../../../src/engine/sessions/session.js';
import { systemClock as clock, systemRandom as random } from '../../../src/server/system-ports.js';
import { ClientGate } from '../../../src/transports/client-gate.js';
import { OriginPolicy } from '../../../src/transports/origin-policy.js';
import type { ListenerTerms, TransportPorts } from '../../../src/transports/transport.js';
import { TrustedProxies } from '../../../src/transports/trusted-proxies.js';
import { encodingOf } from '../../../src/transports/websocket/codecs.js';
import { ClientSocket, WebSocketConnection } from '../../../src/transports/websocket/connection.js';
import { type SocketPurpose, WebSocketTransport } from '../../../src/transports/websocket/transport.js';
import { LocalServer } from '../../support/servers/local-server.js';

const path = '/echo';
/** Everything that may be compressed is. */
const terms: ListenerTerms = { deflateMinBytes: 0 };
/**
 * The suite measures what an implementation can take: messages of 16 MiB, in 65,536 fragments, or in pieces of 64 bytes. The
 * bounds of a server in production are tested in test/transports/websocket/hardening.test.ts.
 */
const maxFrameBytes = 17 * 1_024 * 1_024;
const maxFragments = 100_000;
const maxBufferedChunks = 1_000_000;
const patientMs = 3_600_000;

class EchoSocket extends ClientSocket {
  connection: WebSocketConnection | undefined;

  /** Through a string, as in production, so that what comes back was decoded and encoded. */
  protected override onMessage(_: Session, data: Buffer, isBinary: boolean): void {
    const { connection } = this;
    connection?.write(connection.encoding.framing.frame(isBinary ? data : data.toString()));
  }
}

function echoing(ports: TransportPorts, gate: ClientGate): SocketPurpose<undefined> {
  return {
    socketClass: EchoSocket,
    deflates: true,
    read: () => undefined,
    open(ws, socket, request, _, encodings) {
      const connection = new WebSocketConnection(ws, socket, encodingOf('centrifuge-json', encodings));
      // safe: the server was given this class
      (ws as EchoSocket).connection = connection;
      ws.session = ports.open(connection, gate.handshakeOf(request));
    },
  };
}

export class EchoListener extends LocalServer {
  protected override readonly server = createServer();
  readonly #node: Node;
  readonly #transport: WebSocketTransport;

  private constructor() {
    super();
    this.#node = new Node({
      clock,
      random,
      broker: new MemoryBroker({ clock, random }),
      auth: denyAll,
      channels: {},
      procedures: new Map(),
      log: silentLogger,
      // Sessions that never connect are what there is here.
      limits: { maxFrameBytes, connectTimeoutMs: patientMs, commandsPerSec: 0 },
      version: '0',
    });
    const { ports } = this.#node;
    const gate = new ClientGate(ports, {
      origins: new OriginPolicy({ origins: '*' }),
      proxies: new TrustedProxies([]),
    });
    const purpose = echoing(ports, gate);
    this.#transport = new WebSocketTransport(ports, { path, gate, purpose, maxFragments, maxBufferedChunks });
    const [endpoint] = this.#transport.endpoints;
    this.server.on('upgrade', (request, socket, head) => {
      if (request.url === path) endpoint?.upgrade?.(request, socket, head, terms);
      else socket.destroy();
    });
  }

  static async start(): Promise<EchoListener> {
    const listener = new EchoListener();
    await listener.#node.start();
    return listener.listen();
  }

  /** Of the endpoint. */
  get address(): string {
    return `${this.url.replace('http', 'ws')}${path}`;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#transport.terminateAll();
    await this.#node.close(0);
    await super[Symbol.asyncDispose]();
  }
}
