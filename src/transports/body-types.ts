/** The types of the bodies in which clients send frames, one for each codec. Pages need a preflight for both. */

export const jsonType = 'application/json';
/** As the official SDK names it. */
export const protobufType = 'application/octet-stream';
