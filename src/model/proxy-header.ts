/** The headers in which proxies tell whom they forward for: `X-Forwarded-For`, and `Forwarded` (RFC 7239). */

export const proxyHeaders = ['X-Forwarded-For', 'Forwarded'] as const;

export type ProxyHeader = (typeof proxyHeaders)[number];
