/** The host of a request, which must be unambiguous (RFC 9112, 3.2). */

import type { RequestHead } from './request-head.js';

/** A target with a host, which overrides the header (RFC 9112, 3.2.2). */
const absoluteForm = /^https?:\/\/([^/?#]*)/i;

/** A name or an address, perhaps with a port (RFC 3986, 3.2.2), but no comma: two that were joined. Empty where there is none. */
const hostAndPort = /^(?:[A-Za-z0-9\-._~%!$&'()*+;=]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?$/;

/** Path and query as they were sent: no decoding, so no two spellings of one endpoint. */
export function targetOf({ url = '/' }: RequestHead): string {
  if (url.startsWith('/')) return url;
  const rest = url.replace(absoluteForm, '');
  return rest.startsWith('?') || rest === '' ? `/${rest}` : rest;
}

/** The host that the client has asked for: over HTTP/2 the authority (RFC 9113, 8.3.1). */
export function hostOf({ headers, url = '/' }: RequestHead): string | undefined {
  const authority = headers[':authority'];
  if (typeof authority === 'string') return authority;
  return (url.startsWith('/') ? undefined : absoluteForm.exec(url)?.[1]) ?? headers.host;
}

/** Why the host is ambiguous: a proxy may have chosen another one than this server. */
export function findHostFault(request: RequestHead): string | undefined {
  const { rawHeaders, headers, httpVersion } = request;
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === 'host') count++;
  }
  if (count > 1) return 'several Host headers';
  if (count === 0 && httpVersion === '1.1') return 'no Host header';
  const authority = headers[':authority'];
  if (authority !== undefined && count === 1 && headers.host !== authority) return 'Host is not :authority';
  return hostAndPort.test(hostOf(request) ?? '') ? undefined : 'Host is not a host';
}
