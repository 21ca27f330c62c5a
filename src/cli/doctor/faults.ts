/** What `fanfare doctor` can find wrong, and what to change about it: lines for nginx and HAProxy, options of Fanfare. */

/** Whose setting it is. */
type Owner = 'nginx' | 'HAProxy' | 'Fanfare' | 'DNS' | 'certificate' | 'client' | 'backend' | 'network';

/** Lines to write, by who has to be changed. */
export type Remedies = Readonly<Partial<Record<Owner, string>>>;

const upgradeLines =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
const fullChain = {
  nginx: 'ssl_certificate fullchain.pem;  (the certificate, then those that signed it)',
  HAProxy: 'bind :443 ssl crt site.pem  (the certificate, those that signed it, and the key in one file)',
  Fanfare: 'tls.certFile: the file with the whole chain',
};

/** By code, which stays the same from version to version. */
export const faults = {
  'no-address': { DNS: 'an A record (and AAAA) of the name with the address of the load balancer' },
  'ipv6-only': {
    DNS: 'an A record besides the AAAA record',
    nginx: 'listen 443 ssl;  besides  listen [::]:443 ssl;',
    HAProxy: 'bind :::443 v4v6 ssl crt site.pem',
    Fanfare: 'host: "::"  (both kinds of addresses)',
  },
  'ipv6-dead': { DNS: 'take the AAAA record away, or let the load balancer listen on IPv6: listen [::]:443 ssl;' },
  unreachable: {
    network: 'the port in the URL, the firewall (security group), and whether the load balancer runs',
    Fanfare: 'host: 0.0.0.0  (127.0.0.1 is for this machine only)',
  },
  'no-tls': {
    client: 'http:// instead of https:// in the URL, or the port that speaks TLS',
    nginx: 'listen 443 ssl;',
    HAProxy: 'bind :443 ssl crt site.pem',
  },
  'needs-tls': { client: 'https:// in the URL of the client' },
  'tls-expired': { certificate: 'renew it (certbot renew), then reload what serves it', nginx: 'nginx -s reload' },
  'tls-early': { certificate: 'it begins to be valid later: the clock of this machine, or of who made it' },
  'tls-name': {
    certificate: 'one that names the host of the URL (subjectAltName)',
    nginx: 'server_name and ssl_certificate of the same site',
  },
  'tls-self-signed': { certificate: 'one of an authority that browsers trust (ACME), or --ca for your own authority' },
  'tls-chain': fullChain,
  'tls-failed': { nginx: 'ssl_protocols TLSv1.2 TLSv1.3;', HAProxy: 'ssl-default-bind-options ssl-min-ver TLSv1.2' },
  redirect: { client: 'the address that the redirect names: WebSocket clients follow none' },
  'no-server': {
    nginx: 'proxy_pass and the servers of its upstream: is Fanfare there? (error.log says connect() failed)',
    HAProxy: 'server lines of the backend, and their check',
    Fanfare: 'host and port: as the proxy names them',
  },
  'wrong-path': {
    client: 'the path in the URL; by default /connection/websocket',
    nginx: 'location /connection/ { proxy_pass http://fanfare; }  (no slash behind the name: it would cut the path)',
    HAProxy: 'use_backend fanfare if { path_beg /connection/ } || { path /emulation }',
    Fanfare: 'path: as in the URL',
  },
  draining: {
    nginx: 'proxy_next_upstream error timeout http_503 non_idempotent;',
    HAProxy: 'option httpchk GET /health/ready  and  server … check',
    Fanfare: 'shutdown.delay: longer than the load balancer takes to notice',
  },
  broker: { Fanfare: 'broker: its address; its log lines with link say why' },
  full: {
    Fanfare: 'limits.maxConnections, limits.maxConnectionsPerAddress (with trustProxies), limits.connectsPerSec',
  },
  limited: { nginx: 'limit_req and limit_conn of the location', HAProxy: 'http-request deny/return status 429 lines' },
  'no-upgrade': {
    nginx: upgradeLines,
    HAProxy: 'mode http, without http-request del-header Upgrade or option httpclose',
  },
  'blocked-websocket': {
    nginx: `location /connection/websocket { proxy_pass http://fanfare; ${upgradeLines} }`,
    HAProxy: 'no http-request deny for /connection/websocket',
    network:
      'a firewall that knows WebSocket: let it pass, or leave clients to HTTP streaming, which fanfare/client tries next',
  },
  'silent-websocket': { network: 'what is in between answers 101 and passes no frames on: TLS (wss://) mostly helps' },
  origin: { Fanfare: 'origins: [the origin of the page]' },
  host: {
    nginx: 'proxy_set_header Host $http_host;',
    HAProxy: 'no http-request set-header Host',
    Fanfare: 'origins: [the origin of the page]',
  },
  'token-missing': { client: 'a token (--token, --secret)', Fanfare: 'anonymous: true  lets clients in without one' },
  'token-expired': { client: 'getToken that fetches a new token', backend: 'a longer exp; clocks that agree' },
  clock: {
    backend: 'time synchronisation (chrony, systemd-timesyncd) on the backend that makes tokens and on the server',
  },
  secret: {
    Fanfare: 'token.secret (token.secretFile): the same text as the backend signs with, no line break, not decoded',
    backend: 'the same secret, and the algorithm of token.algorithm',
  },
  token: { backend: 'what the check names', Fanfare: 'token.issuer, token.audience, token.algorithm' },
  'no-way-in': { Fanfare: 'token.secret, a connect hook or anonymous: one of them lets clients in' },
  refused: {
    Fanfare: 'its log line about this client names the check and the option; docs/operations/codes.md has its code',
  },
  channel: { Fanfare: 'channels: a rule whose pattern matches the name' },
  permission: { Fanfare: 'subscribe or publish in the rule of the channel, or a capability in the token' },
  'not-recovered': { Fanfare: 'history in the rule of the channel (size, ttl); one broker for all nodes' },
  'not-delivered': { Fanfare: 'broker: the same for all nodes' },
  buffering: {
    nginx: 'proxy_buffering off;  and no proxy_ignore_headers X-Accel-Buffering;  and no gzip for streams',
    HAProxy: 'option http-no-delay  and no compression for these paths',
  },
  'stream-blocked': {
    nginx: 'location /connection/ { proxy_pass http://fanfare; proxy_buffering off; }',
    HAProxy: 'use_backend fanfare if { path_beg /connection/ }',
    Fanfare: 'transports.httpStream: true',
  },
  'commands-blocked': {
    nginx: 'location = /emulation { proxy_pass http://fanfare; }',
    HAProxy: 'use_backend fanfare if { path /emulation }',
  },
  'polling-blocked': {
    nginx: 'location = /connection/long_polling { proxy_pass http://fanfare; }',
    HAProxy: 'use_backend fanfare if { path_beg /connection/ }',
    Fanfare: 'transports.longPolling: true',
  },
  'nodes-apart': { Fanfare: 'broker: redis://… or nats://…, the same for all nodes; stickiness is then not needed' },
  'idle-timeout': {
    nginx: 'proxy_read_timeout 60s; proxy_send_timeout 60s;',
    HAProxy: 'timeout client 60s, timeout server 60s, timeout tunnel 60s',
    Fanfare: 'limits.pingInterval: shorter than the time-out',
  },
} as const satisfies Record<string, Remedies>;

export type FaultCode = keyof typeof faults;
