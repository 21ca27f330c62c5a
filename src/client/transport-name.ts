/** The client's transports, from the best to the one that works everywhere. */

export type TransportName = 'websocket' | 'http_stream' | 'sse' | 'long_polling';

/** Without `sse`, whose token would be in the URL and which is off by default on servers. */
export const defaultTransports: readonly TransportName[] = ['websocket', 'http_stream', 'long_polling'];

/** Full URLs of the transports, and of commands of the streaming ones. */
export type Endpoints = Readonly<Record<TransportName | 'emulation', string>>;
