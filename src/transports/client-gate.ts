/** Checks of every transport before it accepts a client: the page's origin, and limits. */

import { limitReached } from '../engine/channels/refusal-lines.js';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { Handshake } from '../engine/ports/connection.js';
import { Counters } from '../engine/ports/counters.js';
import type { EngineLimits } from '../engine/ports/limits.js';
import type { Admission } from '../engine/sessions/admission.js';
import { targetOf } from '../http/host.js';
import type { RequestHead } from '../http/request-head.js';
import type { RefusalLine } from '../model/refusal-line.js';
import { cookiesWithoutOrigin, foreignPage } from './foreign-page.js';
import { handshakeOf } from './handshake.js';
import type { OriginPolicy } from './origin-policy.js';
import type { Refusal } from './refusal.js';
import { digestOf, type RequestBinding } from './request-binding.js';
import type { TrustedProxies } from './trusted-proxies.js';

interface ClientGateOptions {
  readonly origins: OriginPolicy;
  readonly proxies: TrustedProxies;
  /**
   * Whether cookies may authenticate clients: then a request with cookies needs an `Origin`, and sessions are bound to
   * them. Called for each request. Default: no.
   */
  readonly cookiesAuthenticate?: () => boolean;
}

/** The answer of a node that is shutting down. */
export const closing: Refusal = {
  status: 503,
  message: 'shutting down',
  headers: { 'Retry-After': '1' },
  why: { check: 'shutting down', fields: {}, message: 'request refused: this node is shutting down', level: 'info' },
};

/** The text comes from the request. */
const maxCitedLength = 100;

const limitOf = {
  connections: 'maxConnections',
  'connections-per-address': 'maxConnectionsPerAddress',
  'connects-per-second': 'connectsPerSec',
} as const;

/** What the gate needs of its node. */
export interface GatePorts {
  readonly limits: EngineLimits;
  readonly admission: Pick<Admission, 'check' | 'isDraining'>;
  readonly refusals: Pick<RefusalLog, 'tell'>;
  readonly counters: Pick<Counters, 'requestsRefused'>;
}

/** One gate for all transports of a node. */
export class ClientGate {
  /** Read for each request, so that it can be replaced while clients are connected. */
  origins: OriginPolicy;
  readonly proxies: TrustedProxies;
  readonly #cookiesAuthenticate: () => boolean;
  readonly #ports: GatePorts;

  constructor(ports: GatePorts, options: ClientGateOptions) {
    this.#ports = ports;
    this.origins = options.origins;
    this.proxies = options.proxies;
    this.#cookiesAuthenticate = options.cookiesAuthenticate ?? (() => false);
  }

  get cookiesAuthenticate(): boolean {
    return this.#cookiesAuthenticate();
  }

  /** Refuses if the node accepts no new clients. */
  findClosing(): Refusal | undefined {
    return this.#ports.admission.isDraining ? closing : undefined;
  }

  /**
   * Refuses a plain request that a page must not make. Pages cannot omit `Origin` from requests that they can read or
   * write, but a GET for an image has none, nor has a GET to the page's own host: `Sec-Fetch-Site`, which no page can
   * forge, tells them apart. Programs send neither.
   */
  findForeign(request: RequestHead): Refusal | undefined {
    if (!this.origins.allows(request)) return foreignPage(request, this.origins);
    const { origin, cookie, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined || site === 'same-origin') return undefined;
    if (site !== undefined && site !== 'none') return foreignPage(request, this.origins);
    return this.cookiesAuthenticate && cookie !== undefined ? cookiesWithoutOrigin : undefined;
  }

  /** Refuses if a limit is reached. Counts as an attempt: call it last, and open the connection at once. */
  findFull(request: RequestHead): Refusal | undefined {
    const rejection = this.#ports.admission.check(this.proxies.clientAddress(request));
    if (rejection === undefined) return undefined;
    const { reason, retryAfterSec } = rejection;
    return {
      status: 503,
      message: `too many ${reason}`,
      headers: { 'Retry-After': String(retryAfterSec) },
      why: limitReached(limitOf[reason], this.#ports.limits[limitOf[reason]]),
    };
  }

  handshakeOf(request: RequestHead): Handshake {
    return handshakeOf(request, this.proxies);
  }

  /** The part of the request that later requests for the same session must match. */
  bindingOf(request: RequestHead): RequestBinding {
    const { origin, cookie } = request.headers;
    return {
      ...(origin !== undefined && { origin }),
      ...(this.cookiesAuthenticate && { cookies: digestOf(cookie ?? '') }),
    };
  }

  /** Logs a request that is refused, and counts it. */
  noteRefusal(request: RequestHead, { status, message, why }: Refusal): void {
    const line: RefusalLine = why ?? {
      check: 'request',
      key: `${status} ${message} ${this.proxies.clientAddress(request)}`,
      fields: { reason: message },
      message: `request refused: ${message}`,
      level: 'info',
    };
    Counters.addTo(this.#ports.counters.requestsRefused, line.check, status);
    this.#ports.refusals.tell(line, undefined, () => ({
      status,
      path: targetOf(request).split('?')[0]?.slice(0, maxCitedLength),
      peer: this.proxies.clientAddress(request),
    }));
  }
}
