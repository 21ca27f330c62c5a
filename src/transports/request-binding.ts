/** Binds the requests of a session to one client, so that a leaked session name cannot be used elsewhere. */

import { hash, timingSafeEqual } from 'node:crypto';

/** What a request has besides the session's name. Plain data, since it may be sent to another node. */
export interface RequestBinding {
  /** As sent by the browser; absent for programs, and for a page's GET to its own host. */
  readonly origin?: string;
  /** Digest of all cookies, if they authenticate. */
  readonly cookies?: string;
}

export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * Whether a later request is from the client that opened the session. A session without an origin accepts any allowed
 * origin, because browsers omit it in a GET to the page's own host and send it in a POST.
 */
export function isSameClient(opened: RequestBinding, request: RequestBinding): boolean {
  if (opened.origin !== undefined && opened.origin !== request.origin) return false;
  return isSameSecret(opened.cookies ?? '', request.cookies ?? '');
}

/** In constant time for texts of equal length. */
function isSameSecret(a: string, b: string): boolean {
  if (a === '' && b === '') return true;
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
