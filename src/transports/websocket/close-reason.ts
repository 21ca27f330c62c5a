/** Reasons as a close frame takes them. */

/** The longest that fits (RFC 6455 section 5.5). */
const maxReasonBytes = 123;

export function closeReason(reason: string): string {
  if (Buffer.byteLength(reason) <= maxReasonBytes) return reason;
  // A cut inside a character yields U+FFFD, three bytes, for which room is left.
  return Buffer.from(reason)
    .subarray(0, maxReasonBytes - 3)
    .toString();
}
