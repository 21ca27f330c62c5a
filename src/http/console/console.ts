/** The console: a page for operators at `/console/`, its login, and the methods of the API for whoever is logged in. */

import * as v from 'valibot';
import type { Clock } from '../../engine/ports/clock.js';
import { errorCodes } from '../../model/codes.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { members } from '../../model/json-shape.js';
import { methodEndpoints } from '../api/api.js';
import { ApiError } from '../api/api-error.js';
import { type ApiGate, callOf, failedReply, parseBody, readText } from '../api/endpoint.js';
import { type ApiParts, parse } from '../api/method.js';
import { type HttpEndpoint, type HttpReply, type HttpRequest, jsonReply } from '../endpoint.js';
import { ConsoleSessions, setCookie } from './console-session.js';
import { LoginAttempts, retryAfterSec } from './login-attempts.js';
import { isSecurePage, requireNoQuery, requireSameOrigin } from './same-origin.js';

/** The request of somebody who wants to use the console. */
export type ConsoleRequest = Pick<HttpRequest, 'peer' | 'headers'>;

/** Who may use the console. */
export interface ConsoleOptions {
  /**
   * Whoever knows it may do everything. At least 12 bytes; several, so that they can be changed; a function is called
   * for every use. Default: none.
   */
  readonly password?: string | readonly string[] | (() => readonly string[]);
  /** Instead of a password: decides for each request, by its cookies or headers, who may use the console. */
  readonly allow?: (request: ConsoleRequest) => boolean | Promise<boolean>;
  /** Largest request, in bytes. Default: 1,048,576. */
  readonly maxBodyBytes?: number;
}

/** A file of the page. */
export interface ConsoleFile {
  /** Relative to `/console/`; empty for the page itself. */
  readonly name: string;
  readonly type: string;
  readonly body: string;
}

/** Shorter ones can be guessed, slow as that is made. */
export const minPasswordBytes = 12;
const base = '/console';
const defaultMaxBodyBytes = 1_048_576;
const maxLoginBytes = 4_096;
const login = v.object({ password: v.pipe(v.string(), v.maxLength(1_024)) });

/** Nothing from elsewhere, nothing inline, and in no frame. */
const pageHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
} as const;

/** @throws FanfareError `ERR_CONFIG` for a password that is too short, or without one and `allow` */
export function consoleEndpoints(
  parts: ApiParts,
  files: readonly ConsoleFile[],
  { password, allow, maxBodyBytes = defaultMaxBodyBytes }: ConsoleOptions,
  clock: Pick<Clock, 'nowMs' | 'wallMs'>,
): HttpEndpoint[] {
  const passwords = password === undefined ? undefined : passwordsOf(password);
  if ((passwords === undefined) === (allow === undefined)) {
    throw new FanfareError('ERR_CONFIG', 'console: needs a password or the function allow, and not both');
  }
  const sessions = passwords && new ConsoleSessions(passwords, () => clock.wallMs());
  const gate: ApiGate = {
    base: `${base}/api`,
    maxBodyBytes,
    async admit(request) {
      requireNoQuery(request);
      requireSameOrigin(request);
      if (sessions !== undefined && !(await sessions.has(request))) throw notLoggedIn();
      if (allow !== undefined && (await allow(request)) !== true) throw notAllowed();
    },
  };
  return [
    ...files.map((file) => fileEndpoint(file, parts)),
    { method: 'GET', path: base, respond: () => ({ status: 308, headers: { Location: `${base}/` }, body: '' }) },
    ...methodEndpoints(parts, gate),
    ...(sessions === undefined ? [] : loginEndpoints(sessions, parts, clock)),
  ];
}

function passwordsOf(password: NonNullable<ConsoleOptions['password']>): () => readonly string[] {
  if (typeof password === 'function') return password;
  const all = typeof password === 'string' ? [password] : password;
  if (all.length > 0 && all.every((one) => Buffer.byteLength(one) >= minPasswordBytes)) return () => all;
  throw new FanfareError('ERR_CONFIG', `console.password: a password has at least ${minPasswordBytes} bytes`);
}

function fileEndpoint({ name, type, body }: ConsoleFile, parts: ApiParts): HttpEndpoint {
  return {
    method: 'GET',
    path: `${base}/${name}`,
    respond(request) {
      try {
        requireNoQuery(request);
      } catch (cause) {
        return failedReply('console', cause, request, callOf(request, parts));
      }
      return { status: 200, headers: { 'Content-Type': type, ...pageHeaders }, body };
    },
  };
}

function loginEndpoints(
  sessions: ConsoleSessions,
  parts: ApiParts,
  clock: Pick<Clock, 'nowMs'>,
): readonly HttpEndpoint[] {
  const attempts = new LoginAttempts(clock);
  return [
    endpoint('login', parts, async (request) => {
      const body = parseBody(await readText(request, maxLoginBytes), members({}));
      const { password } = parse(login, body);
      if (!attempts.admit(request.peer)) throw tooManyAttempts();
      const cookie = await sessions.begin(password);
      if (cookie === undefined) throw wrongPassword();
      parts.log.info({ peer: request.peer }, 'somebody has logged in to the console');
      return withCookie(cookie, request);
    }),
    endpoint('logout', parts, async (request) => withCookie(undefined, request)),
  ];
}

function endpoint(name: string, parts: ApiParts, answer: (request: HttpRequest) => Promise<HttpReply>): HttpEndpoint {
  return {
    method: 'POST',
    path: `${base}/${name}`,
    async respond(request) {
      try {
        requireNoQuery(request);
        requireSameOrigin(request);
        return await answer(request);
      } catch (cause) {
        return failedReply(`console ${name}`, cause, request, callOf(request, parts));
      }
    },
  };
}

function withCookie(value: string | undefined, request: HttpRequest): HttpReply {
  const reply = jsonReply(200, { result: {} });
  return { ...reply, headers: { ...reply.headers, 'Set-Cookie': setCookie(value, isSecurePage(request)) } };
}

function notLoggedIn(): ApiError {
  return refusal('unauthorized', 401, 'log in to the console first');
}

function notAllowed(): ApiError {
  return refusal('permissionDenied', 403, 'the application does not let you use the console');
}

function wrongPassword(): ApiError {
  return refusal('unauthorized', 401, 'this is not the password of the console', { option: 'console.password' });
}

function tooManyAttempts(): ApiError {
  const reason = 'too many attempts to log in to the console; wait a little';
  return refusal('tooManyRequests', 429, reason, { option: 'console.password' }, { 'Retry-After': `${retryAfterSec}` });
}

function refusal(
  name: 'unauthorized' | 'permissionDenied' | 'tooManyRequests',
  status: number,
  message: string,
  why?: Readonly<Record<string, string>>,
  headers?: Readonly<Record<string, string>>,
): ApiError {
  const { code } = errorCodes[name];
  return new ApiError({
    code,
    message,
    status,
    isTransport: true,
    reason: message,
    ...(why && { why }),
    ...(headers && { headers }),
  });
}
