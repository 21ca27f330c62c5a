/** Which web pages may connect: an exact list of origins, or the pages of the same host. */

import { hostOf } from '../http/host.js';
import type { RequestHead } from '../http/request-head.js';
import { FanfareError } from '../model/fanfare-error.js';
import { isLabel, openLabelOf, originFault } from '../model/origin.js';

export interface OriginPolicyOptions {
  /**
   * Origins as browsers send them: `https://example.com`, `http://localhost:3000`, `capacitor://localhost`, `null`. In
   * `https://*.example.com` the `*` is one label. `'*'` permits every page. Without a list, only pages of the host to
   * which they connect.
   */
  readonly origins?: readonly string[] | '*';
}

export class OriginPolicy {
  readonly #allowed: ReadonlySet<string> | '*' | undefined;
  readonly #open: readonly OpenLabel[];

  /** @throws FanfareError `ERR_CONFIG` for an entry that no browser sends */
  constructor(options: OriginPolicyOptions) {
    const { origins } = options;
    const list = origins === undefined || origins === '*' ? [] : origins;
    for (const entry of list) {
      const fault = originFault(entry);
      if (fault !== undefined) throw new FanfareError('ERR_CONFIG', `origins: "${entry}" ${fault}`);
    }
    this.#allowed = origins === undefined || origins === '*' ? origins : new Set(origins);
    this.#open = list.flatMap((entry) => openLabelOf(entry) ?? []);
  }

  /** Whether every page may connect. */
  get allowsAll(): boolean {
    return this.#allowed === '*';
  }

  /** Whether there is no list, so that pages connect to their own host. */
  get isOfHost(): boolean {
    return this.#allowed === undefined;
  }

  /** Programs other than browsers send no origin; a page cannot omit it. */
  allows(request: RequestHead): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed === '*') return true;
    if (this.#allowed !== undefined)
      return this.#allowed.has(origin) || this.#open.some((open) => matches(origin, open));
    const host = hostOf(request);
    return host !== undefined && isOfHost(origin, host.toLowerCase());
  }
}

type OpenLabel = NonNullable<ReturnType<typeof openLabelOf>>;

/** Only one label, since names below a subdomain often belong to others. */
function matches(origin: string, { before, after }: OpenLabel): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  return isLabel(origin.slice(before.length, -after.length));
}

/** Browsers omit the default port; proxies may add it to `Host`. */
const schemes = [
  ['http://', ':80'],
  ['https://', ':443'],
] as const;

function isOfHost(origin: string, host: string): boolean {
  return schemes.some(([scheme, port]) => {
    return origin === scheme + host || (host.endsWith(port) && origin === scheme + host.slice(0, -port.length));
  });
}
