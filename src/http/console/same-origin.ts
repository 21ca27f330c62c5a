/** Lets in requests of the console's own pages only: browsers tell whose page has made a request, and no page can forge it. */

import { errorCodes } from '../../model/codes.js';
import { ApiError } from '../api/api-error.js';
import type { HttpRequest } from '../endpoint.js';

/** Both come from the request. */
const maxCitedLength = 200;
/** Browsers omit the default port; proxies may add it to `Host`. */
const schemes = [
  ['http://', ':80'],
  ['https://', ':443'],
] as const;

/**
 * Refuses what a page of another origin sends, and what does not say which page it is from: every browser adds an
 * `Origin` to a `POST`.
 *
 * @throws ApiError with status 403
 */
export function requireSameOrigin({ headers }: HttpRequest): void {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin') throw foreign(origin, host);
  if (origin === undefined || host === '' || !isOf(origin, host.toLowerCase())) throw foreign(origin, host);
}

/** Whether the page, and so the connection to it or to the proxy in front, uses TLS. */
export function isSecurePage({ headers }: HttpRequest): boolean {
  return headers.origin?.startsWith('https://') === true;
}

/** @throws ApiError with status 400: addresses are logged, and stay in the history of browsers */
export function requireNoQuery({ query }: HttpRequest): void {
  if (query === '') return;
  const message = 'the console takes nothing from the query of an address';
  throw new ApiError({ code: errorCodes.badRequest.code, message, status: 400, isTransport: true, reason: message });
}

function isOf(origin: string, host: string): boolean {
  return schemes.some(([scheme, port]) => {
    return origin === scheme + host || (host.endsWith(port) && origin === scheme + host.slice(0, -port.length));
  });
}

function foreign(origin: string | undefined, host: string): ApiError {
  return new ApiError({
    code: errorCodes.permissionDenied.code,
    message: 'the console is for its own pages; a proxy in front of it has to pass the Host header on',
    status: 403,
    isTransport: true,
    reason: 'not from a page of the console',
    why: {
      host: host.slice(0, maxCitedLength),
      ...(origin !== undefined && { origin: origin.slice(0, maxCitedLength) }),
    },
  });
}
