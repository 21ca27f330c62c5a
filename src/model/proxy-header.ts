/** The headers in which proxies send client addresses: `X-Forwarded-For` and `Forwarded` (RFC 7239). */

export const proxyHeaders = ['X-Forwarded-For', 'Forwarded'] as const;

export type ProxyHeader = (typeof proxyHeaders)[number];
