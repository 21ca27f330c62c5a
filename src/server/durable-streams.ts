/** Durable Streams of an application, if it serves them: at a path that nothing else has. */

import { FanfareError } from '../model/fanfare-error.js';
import type { ClientGate } from '../transports/client-gate.js';
import type { DurableStreamsOptions } from '../transports/durable-streams/options.js';
import { type DurableStreamsPorts, DurableStreamsTransport } from '../transports/durable-streams/transport.js';
import type { Transport } from '../transports/transport.js';

/** Of ports that Fanfare opens; whoever comes first to a path has it. */
const ownPaths = ['/api', '/health', '/metrics', '/console'];

/** @throws FanfareError `ERR_CONFIG` */
export function durableStreams(
  ports: DurableStreamsPorts,
  gate: ClientGate,
  options: DurableStreamsOptions | undefined,
  transports: readonly Transport[],
): Transport[] {
  if (options === undefined) return [];
  const { path } = options;
  const taken = [...ownPaths, ...transports.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.path))];
  const other = taken.find((one) => isWithin(one, path) || isWithin(path, one));
  if (other !== undefined) throw new FanfareError('ERR_CONFIG', `durableStreams.path: ${path} and ${other} overlap`);
  return [new DurableStreamsTransport(ports, gate, options)];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
