/** A plain WebSocket whose messages are what is published in some channels, and nothing else. */

import type { Node } from '../../engine/node.js';
import type { Framing } from '../../engine/ports/connection.js';
import { type Disconnect, disconnectCodes, type ErrorReply, errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ClientGate } from '../client-gate.js';
import type { Refusal } from '../refusal.js';
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
    // Each message has a line feed at its end, and JSON has none within.
    const messages = String(message).split('\n').slice(0, -1);
    return messages.length === 1 ? frameMessage(messages[0] ?? '') : Buffer.concat(messages.map(frameMessage));
  },
};

/** Speaks for a client that has nothing to say. */
class ListenerSocket extends ClientSocket {
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'message') {
      this.session?.close(disconnectCodes.badRequest, 'a message to an endpoint that takes none');
      return true;
    }
    if (event === 'pong') {
      this.session?.receive('{}');
      return true;
    }
    return super.emit(event, ...args);
  }
}

class ListenerConnection extends WebSocketConnection {
  /** RFC 6455 section 5.5.3: a pong may come unasked. */
  readonly takesStrayPongs = true;

  override get transport(): string {
    return dataStyle.name;
  }

  /** Much of what the engine tells a client is nothing to this one. */
  override write(bytes: Uint8Array): void {
    if (bytes.length > 0) super.write(bytes);
  }
}

/** The engine's word about a command, as the code with which the socket closes. */
function disconnectOf({ code, temporary }: ErrorReply): Disconnect {
  // Also one connection more than its user may have: there may be room later.
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

export function oneWaySockets(node: Node, gate: ClientGate): SocketPurpose {
  const read = (request: Parameters<typeof readOneWayRequest>[0]): OneWayRequest | Refusal =>
    readOneWayRequest(request, node.limits.maxChannelsPerConnection);
  return {
    socketClass: ListenerSocket,
    findRefusal(request) {
      const wanted = read(request);
      return 'status' in wanted ? wanted : undefined;
    },
    open(ws, socket, request) {
      const wanted = read(request);
      // The same request has been looked at before.
      if ('status' in wanted) return;
      const closeSoon = (disconnect: Disconnect, why?: RefusalLine) =>
        node.clock.afterTurn(() => ws.session?.close(disconnect, why));
      // It has no place to tell where it is, and so none to go on from.
      const protocol = new OneWayProtocol(
        dataStyle,
        { channels: wanted.channels, since: new Map(), retryMs: 0 },
        {
          onReady() {},
          onRefused: (error, why) => closeSoon(disconnectOf(error), why),
          onInterrupted: closeSoon,
        },
      );
      const connection = new ListenerConnection(ws, socket, { protocol, framing: dataFraming });
      const session = node.open(connection, { ...gate.handshakeOf(request), url: wanted.url });
      ws.session = session;
      session.receive(protocol.opening(wanted.token));
    },
  };
}
