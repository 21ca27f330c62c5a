/** What every transport asks before it lets a client in: where its page comes from, and whether there is room. */

import { limitReached } from '../engine/channels/refusal-lines.js';
import type { Node } from '../engine/node.js';
import type { Handshake } from '../engine/ports/connection.js';
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
   * Cookies may be what tells who a client is: a request with some has to say which page it comes from, and sessions
   * are bound to them. Asked at each request. Default: they are not.
   */
  readonly cookiesAuthenticate?: () => boolean;
}

/** What a node that is shutting down answers with. */
export const closing: Refusal = {
  status: 503,
  message: 'shutting down',
  headers: { 'Retry-After': '1' },
  why: { check: 'shutting down', fields: {}, message: 'request refused: this node is shutting down', level: 'info' },
};

/** Comes from the request. */
const maxCitedLength = 100;

const limitOf = {
  connections: 'maxConnections',
  'connections-per-address': 'maxConnectionsPerAddress',
  'connects-per-second': 'connectsPerSec',
} as const;

/** What the gate asks of its node. */
export type GatePorts = Pick<Node, 'isDraining' | 'limits'> & {
  readonly admission: Pick<Node['admission'], 'check'>;
  readonly refusals: Pick<Node['refusals'], 'tell'>;
};

/** One for all transports of a node. */
export class ClientGate {
  /** Asked at each request, so that it can be replaced while clients are connected. */
  origins: OriginPolicy;
  readonly proxies: TrustedProxies;
  readonly #cookiesAuthenticate: () => boolean;
  readonly #node: GatePorts;

  constructor(node: GatePorts, options: ClientGateOptions) {
    this.#node = node;
    this.origins = options.origins;
    this.proxies = options.proxies;
    this.#cookiesAuthenticate = options.cookiesAuthenticate ?? (() => false);
  }

  get cookiesAuthenticate(): boolean {
    return this.#cookiesAuthenticate();
  }

  /** Nobody new is let in any more. */
  findClosing(): Refusal | undefined {
    return this.#node.isDraining ? closing : undefined;
  }

  /**
   * A plain request that a page must not make. Pages cannot leave out the `Origin` of what they can read or write, but a
   * GET for an image has none, and a GET of the page's own host has none either: `Sec-Fetch-Site`, which no page can
   * forge, tells them apart. Programs send neither.
   */
  findForeign(request: RequestHead): Refusal | undefined {
    if (!this.origins.allows(request)) return foreignPage(request, this.origins);
    const { origin, cookie, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined || site === 'same-origin') return undefined;
    if (site !== undefined && site !== 'none') return foreignPage(request, this.origins);
    return this.cookiesAuthenticate && cookie !== undefined ? cookiesWithoutOrigin : undefined;
  }

  /** No room for one more client. Counts as an attempt: ask last, and open the connection at once. */
  findFull(request: RequestHead): Refusal | undefined {
    const rejection = this.#node.admission.check(this.proxies.clientAddress(request));
    if (rejection === undefined) return undefined;
    const { reason, retryAfterSec } = rejection;
    return {
      status: 503,
      message: `too many ${reason}`,
      headers: { 'Retry-After': String(retryAfterSec) },
      why: limitReached(limitOf[reason], this.#node.limits[limitOf[reason]]),
    };
  }

  handshakeOf(request: RequestHead): Handshake {
    return handshakeOf(request, this.proxies);
  }

  /** What later requests for the same session have to bring as well. */
  bindingOf(request: RequestHead): RequestBinding {
    const { origin, cookie } = request.headers;
    return {
      ...(origin !== undefined && { origin }),
      ...(this.cookiesAuthenticate && { cookies: digestOf(cookie ?? '') }),
    };
  }

  logRefusal(request: RequestHead, { status, message, why }: Refusal): void {
    const peer = this.proxies.clientAddress(request);
    const path = targetOf(request).split('?')[0]?.slice(0, maxCitedLength);
    const line: RefusalLine = why ?? {
      check: 'request',
      key: `${status} ${message} ${peer}`,
      fields: { reason: message },
      message: `request refused: ${message}`,
      level: 'info',
    };
    this.#node.refusals.tell({ ...line, fields: { status, path, peer, ...line.fields } });
  }
}
