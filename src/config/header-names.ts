/** Which additional headers a call to a backend may have. */

import * as v from 'valibot';

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 9110 section 5.5, restricted to what Node accepts. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that belong to the connection between the two servers. */
const ownHeaders: ReadonlySet<string> = new Set([
  'accept',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers with the address of a client. */
const addressHeaders: ReadonlySet<string> = new Set(['x-real-ip', 'x-forwarded-for']);

const headerName = v.pipe(
  v.string('is not a text'),
  v.regex(token, 'is not a header name'),
  v.toLowerCase(),
  v.check(
    (name) => !ownHeaders.has(name) && !name.startsWith('proxy-') && !name.startsWith('x-fanfare-'),
    'is a header of the call itself',
  ),
);

/** In lower case, each once. */
export const headerNames = unique(headerName);

/** The same for headers that clients send in the connect command. */
export const emulatedNames = unique(
  v.pipe(
    headerName,
    v.check((name) => !addressHeaders.has(name), 'says where a client is, which is not for clients to say'),
  ),
);

function unique(name: v.GenericSchema<string, string>) {
  return v.pipe(
    v.array(name, 'is not a list of names'),
    v.transform((names): readonly string[] => [...new Set(names)]),
  );
}

/** Names, in lower case, and values. */
export const staticHeaders = v.record(
  headerName,
  v.pipe(v.string('is not a text'), v.regex(headerValue, 'is not a header value')),
  'is not an object of names and values',
);
