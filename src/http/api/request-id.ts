/** The id of a request, by which its log lines, its answer and the caller's own log are found. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Random } from '../../engine/ports/clock.js';

/** As it is answered. */
export const requestIdHeader = 'X-Request-Id';

/** What ids of usual programs and proxies consist of. Anything else may be meant to break a log or a header. */
const sane = /^[\w.:=+/@-]{1,128}$/;

/** The caller's id if it is sane, otherwise a new one. */
export function requestIdOf(headers: IncomingHttpHeaders, random: Pick<Random, 'id'>): string {
  const { 'x-request-id': given } = headers;
  return typeof given === 'string' && sane.test(given) ? given : random.id();
}
