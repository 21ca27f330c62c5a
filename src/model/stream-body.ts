/** Sizes of the bodies of requests to Durable Streams. */

/** Clients gather a mebibyte, and then the message that exceeds it. */
export const defaultStreamBodyBytes = 2_097_152;
export const maxStreamBodyBytes = 16_777_216;
