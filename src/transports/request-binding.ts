/** Ties the requests of one session to one client, so that who has learnt a session's name cannot use it from elsewhere. */

import { hash, timingSafeEqual } from 'node:crypto';

/** What a request brings besides the session's name. Plain data: it travels to the node that has the session. */
export interface RequestBinding {
  /** As the browser sent it; absent for programs, and for a page's GET to its own host. */
  readonly origin?: string;
  /** Digest of all cookies, where they authenticate. */
  readonly cookies?: string;
}

export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}

/**
 * Whether a later request is of the client that opened the session. One that was opened without an origin takes any
 * that may connect at all: browsers leave it out of a GET to the page's own host and send it with a POST.
 */
export function isSameClient(opened: RequestBinding, request: RequestBinding): boolean {
  if (opened.origin !== undefined && opened.origin !== request.origin) return false;
  return isSameSecret(opened.cookies ?? '', request.cookies ?? '');
}

/** In constant time for texts of one length. */
function isSameSecret(a: string, b: string): boolean {
  if (a === '' && b === '') return true;
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
