/** The refusal of a page that may not connect, with the option that would change it. */

import { hostOf } from '../http/host.js';
import type { RequestHead } from '../http/request-head.js';
import type { OriginPolicy } from './origin-policy.js';
import type { Refusal } from './refusal.js';

/** Both texts come from the request. */
const maxCitedLength = 200;

/** What an upgrade is checked against. */
export interface PagePolicy {
  readonly origins: OriginPolicy;
  /** Whether cookies may authenticate the client: then a request with cookies needs an `Origin`. */
  readonly cookiesAuthenticate: boolean;
}

/** Refuses an upgrade that a page of somebody else may have caused. */
export function findForeignUpgrade(request: RequestHead, policy: PagePolicy): Refusal | undefined {
  if (!policy.origins.allows(request)) return foreignPage(request, policy.origins);
  const { origin, cookie } = request.headers;
  return policy.cookiesAuthenticate && cookie !== undefined && origin === undefined ? cookiesWithoutOrigin : undefined;
}

/** A page of another origin, or, if only `Sec-Fetch-Site` is known, of another site. */
export function foreignPage(request: RequestHead, origins: OriginPolicy): Refusal {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const host = cited(hostOf(request));
  if (origin === undefined) {
    return {
      status: 403,
      message: `origin not allowed: Sec-Fetch-Site is ${cited(String(site))} and there is no Origin`,
      why: {
        check: 'origin',
        key: `site ${site}`,
        fields: { host, fetchSite: cited(String(site)) },
        message: noOrigin,
      },
    };
  }
  const page = cited(origin);
  const remedy = origins.isOfHost ? 'which is another host, and origins is not set' : 'which is not in origins';
  return {
    status: 403,
    message: `origin not allowed: a page of ${page} connects to ${host}, ${remedy}`,
    why: {
      check: 'origin',
      key: page,
      fields: { origin: page, host, option: 'origins' },
      message: origins.isOfHost ? otherHost : notListed,
    },
  };
}

/** A browser's request with cookies, which another site may have caused. */
export const cookiesWithoutOrigin: Refusal = {
  status: 403,
  message: 'cookies without an origin',
  why: {
    check: 'cookies',
    fields: { header: 'Origin' },
    message: 'request refused: it has cookies, which tell who a client is here, and no Origin that tells its page',
  },
};

const noOrigin = 'request refused: it comes from a page of another site, which has not said which one';
const notListed = 'request refused: the origin of the page is not in the option origins';
const otherHost =
  'request refused: the page is of another host than it connects to, and the option origins is not set; a proxy that changes Host (changeOrigin of Vite) leads here, too';

function cited(value = 'no host'): string {
  return value.slice(0, maxCitedLength);
}
