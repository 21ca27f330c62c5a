/** HAProxy in front of a server: waiting for bodies and packing responses, or not. */

import { identityPath, type ProxyOptions, type ProxyPlace, type ProxyProgram, proxyOf } from './proxy-process.js';

export const haproxyProgram: ProxyProgram = {
  name: 'HAProxy',
  path: '/usr/sbin/haproxy',
  args: (folder) => ['-db', '-f', `${folder}/proxy.conf`],
};

export const haproxy = proxyOf(haproxyProgram, configuration);

function configuration({ port, identity }: ProxyPlace, options: ProxyOptions): string {
  const { upstreamPort, buffering, timeoutSec = 60, websocket = true } = options;
  const packing = `
  option http-buffer-request
  compression algo gzip
  compression type text/event-stream application/x-ndjson text/plain`;
  return `
global
  maxconn 1000
  noreuseport
defaults
  mode http
  timeout connect 2s
  timeout client ${timeoutSec}s
  timeout server ${timeoutSec}s
  timeout tunnel ${timeoutSec}s
frontend public
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "${identity}" if { path ${identityPath} }
  ${websocket ? '' : 'http-request deny deny_status 403 if { path /connection/websocket }'}
  ${buffering ? packing : 'option http-no-delay\n  option abortonclose'}
  default_backend nodes
backend nodes
  server one 127.0.0.1:${upstreamPort}
`;
}
