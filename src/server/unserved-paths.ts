/** Log lines about requests without an endpoint, with the option that would change it, or the path that was meant. */

import { closest } from '../model/closest.js';
import { defined } from '../model/defined.js';
import type { RefusalLine } from '../model/refusal-line.js';

/** Default paths that may be switched off or on another port, with their options. */
const optionOf: Readonly<Record<string, string>> = {
  '/connection/websocket': 'path',
  '/connection/http_stream': 'transports.httpStream',
  '/connection/long_polling': 'transports.longPolling',
  '/connection/sse': 'transports.sse',
  '/emulation': 'transports.httpStream',
  '/sse': 'transports.oneWay',
  '/stream': 'transports.oneWay',
  '/ws': 'transports.oneWay',
  '/metrics': 'metrics',
  '/console/': 'console.password',
};

/** Comes from the request. */
const maxCitedLength = 100;

/** @param known paths that there are */
export function unservedPathLine(path: string, known: Iterable<string>, peer: string): RefusalLine {
  const served = [...known];
  const option = optionFor(path, served);
  const meant = option === undefined ? slipFor(path, served) : undefined;
  return {
    check: 'path',
    key: `${option ?? meant ?? 'unknown'} ${peer}`,
    fields: { status: 404, path: path.slice(0, maxCitedLength), peer, ...defined({ meant, option }) },
    message:
      option === undefined
        ? 'request refused: there is nothing at its path'
        : 'request refused: what is usually at its path is not switched on, or is on the other port',
    level: option === undefined ? 'info' : 'warn',
  };
}

function optionFor(path: string, served: readonly string[]): string | undefined {
  if (!/^\/api(?:\/|$)/.test(path)) return optionOf[path];
  return served.some((other) => other.startsWith('/api/')) ? undefined : 'api.keys';
}

/** Ignores very short paths, which resemble everything, and long ones, which take long to compare. */
function slipFor(path: string, served: readonly string[]): string | undefined {
  return path.length < 4 || path.length > 40 ? undefined : closest(path, [...served, ...Object.keys(optionOf)]);
}

/** For a path that exists for another kind of request. */
export function wrongKindLine(
  status: number,
  path: string,
  asked: string,
  expected: string,
  peer: string,
): RefusalLine {
  return {
    check: 'method',
    key: `${status} ${path}`,
    fields: { status, path: path.slice(0, maxCitedLength), asked: asked.slice(0, maxCitedLength), expected, peer },
    message: 'request refused: what is at its path is asked in another way',
    level: 'info',
  };
}
