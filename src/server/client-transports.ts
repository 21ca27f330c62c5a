/** The transports that an application offers its clients. */

import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { Cluster } from '../engine/cluster/cluster.js';
import type { MessageSamples } from '../engine/fanout/message-samples.js';
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
import type { Transport, TransportPorts } from '../transports/transport.js';
import { WebSocketTransport } from '../transports/websocket/transport.js';
import { DictionaryContents } from './dictionary-contents.js';

/** Paths of the other transports than WebSocket; `false` switches one off, `true` is the default path. */
export interface TransportPaths {
  /** HTTP streaming. Default: `/connection/http_stream`. */
  readonly httpStream?: string | boolean;
  /**
   * Server-sent events; `true` for `/connection/sse`. Default: off, because clients have to put their tokens into the
   * URL, which proxies log.
   */
  readonly sse?: string | boolean;
  /** Path for commands of both. Default: `/emulation`. */
  readonly emulation?: string;
  /** Endpoints for consumers that only listen and have no SDK. `true`: at their default paths. Default: none. */
  readonly oneWay?: boolean | OneWayPaths;
  /** Long polling, for networks that block streams. Default: `/connection/long_polling`. */
  readonly longPolling?: string | boolean;
}

/** Each exists if it has a path; all have default paths if `oneWay` is `true`. */
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

/** Time for forwarding to another node and back. */
const forwardingSlackMs = 5_000;

/** @throws FanfareError `ERR_CONFIG` when two of them have one path */
export function clientTransports(
  ports: TransportPorts & { readonly cluster: Cluster; readonly messageSamples: MessageSamples },
  gate: ClientGate,
  options: {
    readonly path: string;
    readonly transports: TransportPaths;
    readonly channels: Readonly<Record<string, ChannelDeclaration>>;
  },
): readonly Transport[] {
  const { maxFrameBytes, pollWaitMs, pollGraceMs, pollSpacingMs, signOfLifeMs } = ports.limits;
  const { httpStream: lines = true, sse = false, emulation = '/emulation', longPolling = true } = options.transports;
  // A poll waits on its own node as long as any poll.
  const peers = new ForwardingPeers(ports.cluster, pollWaitMs + forwardingSlackMs);
  const directory = new SessionDirectory(ports.id, ports.random, peers);
  answerForwarded(ports.cluster, directory);
  const parts: StreamParts = { ports, gate, directory, maxFrameBytes };
  const { of: dictionaryFor } = new DictionaryContents(ports, options.channels);
  const transports: Transport[] = [new WebSocketTransport(ports, { path: options.path, gate, dictionaryFor })];
  const pathOf = (path: string | true, name: keyof typeof usualPaths) => (path === true ? usualPaths[name] : path);
  if (lines !== false) transports.push(new StreamTransport(pathOf(lines, 'httpStream'), httpStream, parts));
  if (sse !== false) transports.push(new StreamTransport(pathOf(sse, 'sse'), sseFormat, parts));
  if (transports.length > 1) transports.push(new EmulationTransport(emulation, parts));
  transports.push(...oneWayTransports(ports, gate, options.transports.oneWay ?? false, signOfLifeMs));
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
  ports: TransportPorts,
  gate: ClientGate,
  oneWay: boolean | OneWayPaths,
  signOfLifeMs: number,
): Transport[] {
  const { sse: ssePath, stream, websocket } = oneWay === true ? usualOneWayPaths : oneWay === false ? {} : oneWay;
  const parts = { ports, gate, signOfLifeMs };
  return [
    ...(ssePath === undefined ? [] : [new OneWayStreamTransport(ssePath, { ...parts, format: oneWayEvents })]),
    ...(stream === undefined ? [] : [new OneWayStreamTransport(stream, { ...parts, format: oneWayLines })]),
    ...(websocket === undefined
      ? []
      : [new WebSocketTransport(ports, { path: websocket, gate, purpose: oneWaySockets(ports, gate) })]),
  ];
}
