/** Signs requests to a backend, so that it can verify that they come from Fanfare. */

import { createHmac } from 'node:crypto';

const timestampHeader = 'X-Fanfare-Timestamp';
const signatureHeader = 'X-Fanfare-Signature';

/**
 * The time and, for each secret, `v1=` with the hex HMAC-SHA256 of `<timestamp>.<body>`. A receiver needs only one of
 * several secrets, so keys can be rotated on either side first.
 */
export function signatureHeaders(
  body: string,
  secrets: readonly string[],
  unixSec: number,
): Readonly<Record<string, string>> {
  if (secrets.length === 0) return {};
  const signatures = secrets.map((secret) => {
    const digest = createHmac('sha256', secret).update(`${unixSec}.${body}`).digest('hex');
    return `v1=${digest}`;
  });
  return { [timestampHeader]: String(unixSec), [signatureHeader]: signatures.join(',') };
}
