/** Reads the `Content-Type` of a request (RFC 9110, 8.3.1), whatever the case and order of parameters. */

import { pairOf, splitOutsideQuotes } from './header-list.js';

/** The type without its parameters, in lower case. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (splitOutsideQuotes(contentType ?? '', ';')[0] ?? '').toLowerCase();
}

/** Whether it is JSON without another charset than UTF-8 or its subset ASCII (RFC 8259, 8.1). */
export function isUtf8Json(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = splitOutsideQuotes(contentType ?? '', ';');
  return type.toLowerCase() === 'application/json' && parameters.every(allowsUtf8);
}

function allowsUtf8(parameter: string): boolean {
  const [name, value] = pairOf(parameter) ?? [];
  return name !== 'charset' || /^(?:utf-?8|us-ascii)$/i.test(value ?? '');
}
