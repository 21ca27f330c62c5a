/** Log lines about connections that failed before there was a request, with what would correct it. */

import { http } from '../http/node-http.js';
import { defined } from '../model/defined.js';
import type { RefusalLine } from '../model/refusal-line.js';

/** Node's error. */
export interface ConnectionError {
  readonly code?: string | undefined;
  readonly message: string;
  /** The bytes that could not be parsed. */
  readonly rawPacket?: Buffer | undefined;
}

interface Cause {
  readonly reason: string;
  readonly option?: string;
  readonly message: string;
}

/** Other protocols that can be recognised by their first bytes. */
const others: readonly (readonly [beginning: RegExp, Cause])[] = [
  [
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a record of TLS (RFC 8446, 5.1)
    /^\x16\x03/,
    { reason: 'TLS', option: 'tls.certFile', message: 'a client speaks TLS to a port of plain HTTP' },
  ],
  [
    /^(?:PROXY |\r\n\r\n\0\r\nQUIT\n)/,
    {
      reason: 'PROXY protocol',
      option: 'proxyProtocol',
      message: 'a proxy sends the PROXY protocol, which is not expected',
    },
  ],
  [
    /^PRI \* HTTP\/2/,
    {
      reason: 'HTTP/2',
      option: 'tls.certFile',
      message: 'a client speaks HTTP/2 without TLS, which is not spoken here',
    },
  ],
];

const ofHttp: Readonly<Record<string, Cause>> = {
  HPE_HEADER_OVERFLOW: {
    reason: 'headers too large',
    option: 'NODE_OPTIONS=--max-http-header-size',
    message: `a request has more than ${http.maxHeaderSize} bytes of headers`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { reason: 'too slow', message: 'a request was not there in time' },
};

/** @param status the status of the answer */
export function badRequestLine(
  { code, message, rawPacket }: ConnectionError,
  status: number,
  peer: string,
): RefusalLine {
  const first = rawPacket?.toString('latin1', 0, 16) ?? '';
  const cause = others.find(([beginning]) => beginning.test(first))?.[1] ?? ofHttp[code ?? ''];
  const reason = cause?.reason ?? code ?? message;
  return {
    check: 'http',
    key: `${reason} ${peer}`,
    fields: { status, reason, peer, ...(code && { code }), ...(cause?.option && { option: cause.option }) },
    message: cause?.message ?? 'bad HTTP request',
    level: cause?.option === undefined ? 'info' : 'warn',
  };
}

/** By OpenSSL's error codes. */
const ofTls: readonly (readonly [code: RegExp, Cause])[] = [
  [
    /HTTP_REQUEST$/,
    { reason: 'plain HTTP', message: 'a client speaks plain HTTP to a port of TLS: its URL begins with http' },
  ],
  [
    /UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|UNKNOWN_PROTOCOL|INAPPROPRIATE_FALLBACK/,
    { reason: 'old version', message: 'a client speaks no version of TLS that is accepted, which are 1.2 and 1.3' },
  ],
  [
    /NO_SHARED_CIPHER|NO_SUITABLE|NO_SHARED_/,
    {
      reason: 'no shared cipher',
      option: 'tls.certFile',
      message: 'a client knows no cipher that goes with the kind of the key',
    },
  ],
  [
    /NO_APPLICATION_PROTOCOL/,
    { reason: 'no shared protocol', message: 'a client asks for other protocols than http/1.1 and h2 (ALPN)' },
  ],
  [
    /ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/,
    { reason: 'certificate refused', option: 'tls.certFile', message: 'a client does not accept the certificate' },
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH|UNEXPECTED_MESSAGE|RECORD/,
    {
      reason: 'no TLS',
      option: 'proxyProtocol',
      message: 'what a client sends is no TLS; it may be the PROXY protocol',
    },
  ],
  [/HANDSHAKE_TIMEOUT/, { reason: 'too slow', message: 'a handshake of TLS was not over in time' }],
  [
    /^ECONNRESET$/,
    {
      reason: 'broken off',
      option: 'tls.certFile',
      message: 'a client broke the handshake of TLS off: it may not accept the certificate',
    },
  ],
];

const wrongName: Cause = {
  reason: 'wrong name',
  option: 'tls.certFile',
  message: 'a client asks for a name that the certificate is not for, and does not accept it',
};

/**
 * @param name the server name that the client sent (SNI)
 * @param certified names of the certificate, if none matches
 */
export function failedHandshakeLine(
  { code = '', message }: ConnectionError,
  peer: string,
  name: string | undefined,
  certified: string | undefined,
): RefusalLine {
  const found = ofTls.find(([pattern]) => pattern.test(code))?.[1];
  const cause = certified !== undefined && found?.option === 'tls.certFile' ? wrongName : found;
  const reason = cause?.reason ?? 'handshake';
  return {
    check: 'tls',
    key: `${reason} ${peer}`,
    fields: {
      reason,
      peer,
      code: code || message,
      ...(name !== undefined && { name: name.slice(0, maxCitedLength) }),
      ...defined({ certified }),
      ...(cause?.option && { option: cause.option }),
    },
    message: cause?.message ?? 'a handshake of TLS has failed',
    level: cause?.option === undefined ? 'info' : 'warn',
  };
}

/** For a handshake that has succeeded so far: clients check the certificate's names at its end, or during it. */
export function wrongNameLine(name: string, certified: string, peer: string): RefusalLine {
  return {
    check: 'tls name',
    fields: { reason: 'wrong name', peer, name: name.slice(0, maxCitedLength), certified, option: 'tls.certFile' },
    message: 'a client asks for a name that the certificate is not for, and will not accept it',
  };
}

/**
 * A connection of HTTP/2 was ended, by Node or because of a bound.
 *
 * @param numRequests that it has made
 */
export function endedHttp2Line(reason: string, peer: string, numRequests: number): RefusalLine {
  return {
    check: 'http2',
    key: `${reason} ${peer}`,
    fields: { reason, peer, requests: numRequests },
    message: 'a connection of HTTP/2 was ended: it breaks the protocol, or floods',
    level: 'info',
  };
}

/** Comes from the client. */
const maxCitedLength = 100;
