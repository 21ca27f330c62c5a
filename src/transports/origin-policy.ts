/** Which web pages may connect: an exact list of origins, or the pages of the same host. */

import type { IncomingMessage } from 'node:http';
import { hostOf } from '../http/host.js';

export interface OriginPolicyOptions {
  /**
   * Origins as browsers send them: `https://example.com`, `http://localhost:3000`. `'*'` lets every page in. Without a
   * list, only pages served from the host that they connect to.
   */
  readonly origins?: readonly string[] | '*';
}

export class OriginPolicy {
  readonly #allowed: ReadonlySet<string> | '*' | undefined;

  constructor(options: OriginPolicyOptions) {
    const { origins } = options;
    this.#allowed = origins === undefined || origins === '*' ? origins : new Set(origins);
  }

  /** Every page may connect. */
  get allowsAll(): boolean {
    return this.#allowed === '*';
  }

  /** There is no list: a page may connect to its own host. */
  get isOfHost(): boolean {
    return this.#allowed === undefined;
  }

  /** Programs that are no browsers send no origin; a page cannot leave it out. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed === '*') return true;
    if (this.#allowed !== undefined) return this.#allowed.has(origin);
    const host = hostOf(request);
    return host !== undefined && isOfHost(origin, host.toLowerCase());
  }
}

/** Browsers leave out the port that goes without saying; proxies put it into `Host`. */
const schemes = [
  ['http://', ':80'],
  ['https://', ':443'],
] as const;

function isOfHost(origin: string, host: string): boolean {
  return schemes.some(([scheme, port]) => {
    return origin === scheme + host || (host.endsWith(port) && origin === scheme + host.slice(0, -port.length));
  });
}
