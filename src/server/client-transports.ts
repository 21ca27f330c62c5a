/** The ways in that an application offers its clients. */

import type { Node } from '../engine/node.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ClientGate } from '../transports/client-gate.js';
import { LongPollingTransport } from '../transports/long-polling/transport.js';
import { OneWayStreamTransport, oneWayEvents, oneWayLines } from '../transports/one-way/stream.js';
import { oneWaySockets } from '../transports/one-way/websocket.js';
import { SessionDirectory } from '../transports/session-directory.js';
import { answerForwarded, ForwardingPeers } from '../transports/session-forwarding.js';
import { EmulationTransport } from '../transports/streaming/emulation.js';
import { httpStream, sse as sseFormat } from '../transports/streaming/format.js';
import { type StreamParts, StreamTransport } from '../transports/streaming/transport.js';
import type { Transport } from '../transports/transport.js';
import { WebSocketTransport } from '../transports/websocket/transport.js';

/** Where the ways in are for clients whose network lets no WebSocket pass; `false` closes one, `true` is the usual path. */
export interface TransportPaths {
  /** HTTP streaming. Default: `/connection/http_stream`. */
  readonly httpStream?: string | boolean;
  /**
   * Server-sent events; `true` for `/connection/sse`. Default: closed, because clients have to put their tokens into the
   * URL there, which proxies log.
   */
  readonly sse?: string | boolean;
  /** Where clients of both send their commands. Default: `/emulation`. */
  readonly emulation?: string;
  /** Endpoints for consumers that only listen and have no SDK. `true`: at their usual paths. Default: none. */
  readonly oneWay?: boolean | OneWayPaths;
  /** Long polling, where not even a stream passes. Default: `/connection/long_polling`. */
  readonly longPolling?: string | boolean;
}

/** Each is there when it has a path, or at its usual one when `oneWay` is `true`. */
export interface OneWayPaths {
  /** Server-sent events, for `EventSource`. Usually `/sse`. */
  readonly sse?: string;
  /** Lines of JSON, for `curl`. Usually `/stream`. */
  readonly stream?: string;
  /** Plain WebSocket, whose messages are only the data. Usually `/ws`. */
  readonly websocket?: string;
}

const usualOneWayPaths: OneWayPaths = { sse: '/sse', stream: '/stream', websocket: '/ws' };
const usualPaths = {
  httpStream: '/connection/http_stream',
  sse: '/connection/sse',
  longPolling: '/connection/long_polling',
} as const;

/** For the way to another node and back. */
const forwardingSlackMs = 5_000;

/** @throws FanfareError `ERR_CONFIG` when two of them have one path */
export function clientTransports(
  node: Node,
  gate: ClientGate,
  options: { readonly path: string; readonly transports: TransportPaths },
): readonly Transport[] {
  const { maxFrameBytes, pollWaitMs, pollGraceMs, pollSpacingMs, signOfLifeMs } = node.limits;
  const { httpStream: lines = true, sse = false, emulation = '/emulation', longPolling = true } = options.transports;
  // A poll hangs on its own node for as long as polls do.
  const peers = new ForwardingPeers(node.cluster, pollWaitMs + forwardingSlackMs);
  const directory = new SessionDirectory(node.id, node.random, peers);
  answerForwarded(node.cluster, directory);
  const parts: StreamParts = { node, gate, directory, maxFrameBytes };
  const transports: Transport[] = [new WebSocketTransport(node, { path: options.path, gate })];
  const pathOf = (path: string | true, name: keyof typeof usualPaths) => (path === true ? usualPaths[name] : path);
  if (lines !== false) transports.push(new StreamTransport(pathOf(lines, 'httpStream'), httpStream, parts));
  if (sse !== false) transports.push(new StreamTransport(pathOf(sse, 'sse'), sseFormat, parts));
  if (transports.length > 1) transports.push(new EmulationTransport(emulation, parts));
  transports.push(...oneWayTransports(node, gate, options.transports.oneWay ?? false, signOfLifeMs));
  if (longPolling !== false) {
    const polling = { ...parts, waitMs: pollWaitMs, graceMs: pollGraceMs, spacingMs: pollSpacingMs };
    transports.push(new LongPollingTransport(pathOf(longPolling, 'longPolling'), polling));
  }
  const paths = transports.flatMap(({ endpoints }) => endpoints.map(({ path }) => path));
  const twice = paths.find((path, n) => paths.indexOf(path) !== n);
  if (twice !== undefined) throw new FanfareError('ERR_CONFIG', `transports: two of them are at ${twice}`);
  return transports;
}

function oneWayTransports(
  node: Node,
  gate: ClientGate,
  oneWay: boolean | OneWayPaths,
  signOfLifeMs: number,
): Transport[] {
  const { sse: ssePath, stream, websocket } = oneWay === true ? usualOneWayPaths : oneWay === false ? {} : oneWay;
  const parts = { node, gate, signOfLifeMs };
  return [
    ...(ssePath === undefined ? [] : [new OneWayStreamTransport(ssePath, { ...parts, format: oneWayEvents })]),
    ...(stream === undefined ? [] : [new OneWayStreamTransport(stream, { ...parts, format: oneWayLines })]),
    ...(websocket === undefined
      ? []
      : [new WebSocketTransport(node, { path: websocket, gate, purpose: oneWaySockets(node, gate) })]),
  ];
}
