/**
 * The server API over HTTP, compatible with Centrifugo's: `POST /api/<method>` with a JSON body. Described in
 * docs/api/openapi.yaml.
 */

import { isIP } from 'node:net';
import { errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { HttpEndpoint, HttpRequest } from '../endpoint.js';
import { ApiError } from './api-error.js';
import { ApiKeys, hasKeyInQuery, minApiKeyBytes, presentedKey } from './api-keys.js';
import { batchShape, runBatch } from './batch.js';
import { type ApiGate, apiEndpoint, paramsShape, textEndpoint, unknownMethodEndpoint } from './endpoint.js';
import { runLines } from './lines.js';
import type { ApiParts } from './method.js';
import { apiMethods } from './methods.js';
import { streamEndpoint } from './stream-endpoint.js';

/** Who may use the HTTP API. */
export interface ApiOptions {
  /**
   * A caller with one of them may do everything. At least 32 bytes each; several, so that they can be rotated; a
   * function is called for every request. Default: none, and no API.
   */
  readonly keys?: string | readonly string[] | (() => readonly string[]);
  /** Require no key. On loopback addresses only, and never for browsers. Default: `false`. */
  readonly insecure?: boolean;
  /** Largest request, in bytes. Default: 1,048,576. */
  readonly maxBodyBytes?: number;
}

const defaultMaxBodyBytes = 1_048_576;

/**
 * The endpoints of all methods; none without a key, unless `insecure` is set.
 *
 * @throws FanfareError `ERR_CONFIG` for a key that is too short
 */
export function apiEndpoints(parts: ApiParts, options: ApiOptions): HttpEndpoint[] {
  const { keys = [], insecure = false, maxBodyBytes = defaultMaxBodyBytes } = options;
  const fixed = typeof keys === 'string' ? [keys] : keys;
  if (typeof fixed !== 'function') {
    for (const key of fixed) if (Buffer.byteLength(key) < minApiKeyBytes) throw tooShort();
    if (fixed.length === 0 && !insecure) return [];
  }
  const known = new ApiKeys(typeof fixed === 'function' ? fixed : () => fixed);
  const gate: ApiGate = { admit: insecure ? admitLocal : (request) => admitByKey(request, known), maxBodyBytes };
  const methods = methodEndpoints(parts, gate);
  // Not /api/: a path is matched as it is.
  const lines = textEndpoint('/api', 'lines', parts, gate, runLines);
  return [...methods, streamEndpoint(parts, gate), lines];
}

/** An endpoint for each method, for several calls at once, and for methods that there are not. */
export function methodEndpoints(parts: ApiParts, gate: ApiGate): HttpEndpoint[] {
  const methods = apiMethods.map(({ name, run }) => apiEndpoint(name, parts, gate, paramsShape, 'result', run));
  const batch = apiEndpoint('batch', parts, gate, batchShape, 'replies', runBatch);
  const names = [...apiMethods.map(({ name }) => name), 'batch'];
  return [...methods, batch, unknownMethodEndpoint(names, parts, gate)];
}

function tooShort(): FanfareError {
  return new FanfareError('ERR_CONFIG', `api.keys: a key has at least ${minApiKeyBytes} bytes`);
}

function admitByKey(request: HttpRequest, keys: ApiKeys): void {
  // Even with a valid key in the header, since the one in the query has probably been logged.
  if (hasKeyInQuery(request)) throw unauthorized('a key belongs into the header X-API-Key, not into the query');
  const key = presentedKey(request);
  if (key === undefined) throw unauthorized('the header X-API-Key is missing');
  if (!keys.accepts(key)) throw unauthorized('the key is not accepted');
}

function unauthorized(message: string): ApiError {
  return new ApiError({
    code: errorCodes.unauthorized.code,
    message,
    status: 401,
    isTransport: true,
    reason: message,
    why: { option: 'api.keys' },
    headers: { 'WWW-Authenticate': 'apikey' },
  });
}

/**
 * Without keys, programs on this machine are accepted, but not browsers: another site's page may use a name for
 * 127.0.0.1 (DNS rebinding), and its requests have the `Origin` or the `Host` of that name.
 */
function admitLocal({ headers }: HttpRequest): void {
  const { origin, host = '' } = headers;
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const isLocal = name === 'localhost' || isIP(name) !== 0;
  if (origin === undefined && isLocal) return;
  const message = 'without keys, the API is for programs on this machine';
  throw new ApiError({
    code: errorCodes.permissionDenied.code,
    message,
    status: 403,
    isTransport: true,
    reason: message,
    why: {
      option: 'api.keys',
      host: host.slice(0, maxCitedLength),
      ...(origin !== undefined && { origin: origin.slice(0, maxCitedLength) }),
    },
  });
}

/** Both come from the request. */
const maxCitedLength = 200;
