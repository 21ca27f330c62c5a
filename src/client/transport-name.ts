/** The ways to a server that the client knows, from the best to the one that passes everywhere. */

export type TransportName = 'websocket' | 'http_stream' | 'sse' | 'long_polling';

/** Not `sse`: the token would be in the URL, and servers have it closed unless they are told otherwise. */
export const defaultTransports: readonly TransportName[] = ['websocket', 'http_stream', 'long_polling'];

/** Where each of them is, and where the commands of the streaming ones go. Full URLs. */
export type Endpoints = Readonly<Record<TransportName | 'emulation', string>>;
