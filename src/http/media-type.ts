/** What the `Content-Type` of a request says (RFC 9110, 8.3.1): case and the order of parameters do not matter. */

import { pairOf, splitOutsideQuotes } from './header-list.js';

/** The type without its parameters, in lower case. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (splitOutsideQuotes(contentType ?? '', ';')[0] ?? '').toLowerCase();
}

/** Whether it is JSON that does not say that it is in something else than UTF-8, of which ASCII is a part (RFC 8259, 8.1). */
export function isUtf8Json(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = splitOutsideQuotes(contentType ?? '', ';');
  return type.toLowerCase() === 'application/json' && parameters.every(allowsUtf8);
}

function allowsUtf8(parameter: string): boolean {
  const [name, value] = pairOf(parameter) ?? [];
  return name !== 'charset' || /^(?:utf-?8|us-ascii)$/i.test(value ?? '');
}
