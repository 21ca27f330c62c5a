/** A plain WebSocket whose messages are the publications of some channels, and nothing else. */

import type { Framing } from '../../engine/ports/connection.js';
import type { Session } from '../../engine/sessions/session.js';
import { type Disconnect, disconnectCodes, type ErrorReply, errorCodes } from '../../model/codes.js';
import type { ClientGate } from '../client-gate.js';
import type { TransportPorts } from '../transport.js';
import { ClientSocket, WebSocketConnection } from '../websocket/connection.js';
import { frameMessage } from '../websocket/framing.js';
import type { SocketPurpose } from '../websocket/transport.js';
import { OneWayProtocol } from './protocol.js';
import { type OneWayRequest, readOneWayRequest } from './request.js';
import { dataStyle } from './style.js';

/** An empty ping of WebSocket's own (RFC 6455 section 5.5.2), which browsers answer by themselves. */
const ping = Buffer.from([0x89, 0]);

const dataFraming: Framing = {
  name: dataStyle.name,
  frame(message) {
    if (message === dataStyle.ping) return ping;
    // Each message ends with a line feed, and JSON has none inside.
    const messages = String(message).split('\n').slice(0, -1);
    return messages.length === 1 ? frameMessage(messages[0] ?? '') : Buffer.concat(messages.map(frameMessage));
  },
};

/** Acts for a client that sends nothing. */
class ListenerSocket extends ClientSocket {
  protected override onMessage(session: Session): void {
    session.close(disconnectCodes.badRequest, 'a message to an endpoint that takes none');
  }

  protected override onPong(session: Session): void {
    session.receive('{}');
  }
}

class ListenerConnection extends WebSocketConnection {
  /** RFC 6455 section 5.5.3: a pong may be unsolicited. */
  readonly takesStrayPongs = true;

  override get transport(): string {
    return dataStyle.name;
  }

  /** Many of the engine's messages are empty for this client. */
  override write(bytes: Uint8Array): void {
    if (bytes.length > 0) super.write(bytes);
  }
}

/** The close code for an error reply to a command. */
function disconnectOf({ code, temporary }: ErrorReply): Disconnect {
  // Includes too many connections of a user, which may change.
  if (temporary && code === errorCodes.limitExceeded.code) return disconnectCodes.tooManyRequests;
  switch (code) {
    case errorCodes.unknownChannel.code:
    case errorCodes.permissionDenied.code:
      return disconnectCodes.permissionDenied;
    case errorCodes.unauthorized.code:
    case errorCodes.tokenExpired.code:
      return disconnectCodes.invalidToken;
    case errorCodes.internal.code:
    case errorCodes.tooManyRequests.code:
      return disconnectCodes.serverError;
    default:
      return code >= 400 ? disconnectCodes.permissionDenied : disconnectCodes.badRequest;
  }
}

export function oneWaySockets(ports: TransportPorts, gate: ClientGate): SocketPurpose<OneWayRequest> {
  return {
    socketClass: ListenerSocket,
    read: (request) => readOneWayRequest(request, ports.limits.maxChannelsPerConnection),
    open(ws, socket, request, wanted) {
      // It cannot send a position, so it cannot recover.
      const protocol = new OneWayProtocol(
        dataStyle,
        { channels: wanted.channels, since: new Map(), retryMs: 0 },
        {
          onNext: (frame) => ports.clock.afterTurn(() => ws.session?.receive(frame)),
          onReady() {},
          onRefused: (error, why) =>
            ports.clock.afterTurn(() => {
              if (why !== undefined) ws.session?.explain(why, error.code);
              connection.close(disconnectOf(error));
              // The refusal has been logged; the end of this connection need not be.
              ws.session?.connectionClosed();
            }),
          onInterrupted: (why) => ports.clock.afterTurn(() => ws.session?.close(why)),
        },
      );
      const connection = new ListenerConnection(ws, socket, { protocol, framing: dataFraming });
      const session = ports.open(connection, { ...gate.handshakeOf(request), url: wanted.url });
      ws.session = session;
      session.receive(protocol.opening(wanted.token));
    },
  };
}
