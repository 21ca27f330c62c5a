/** nginx in front of a server: as it is by default, or told about streams. */

import { identityPath, type ProxyOptions, type ProxyPlace, type ProxyProgram, proxyOf } from './proxy-process.js';

export const nginxProgram: ProxyProgram = {
  name: 'nginx',
  path: '/usr/sbin/nginx',
  args: (folder) => ['-p', folder, '-c', `${folder}/proxy.conf`],
};

export const nginx = proxyOf(nginxProgram, configuration);

/** Those that Debian compiles in are its own. */
export function ownTempPaths(folder: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return kinds.map((kind) => `${kind}_temp_path ${folder}/temp-${kind};`).join('\n  ');
}

function configuration({ port, folder, identity }: ProxyPlace, options: ProxyOptions): string {
  const { upstreamPort, buffering, timeoutSec = 60, websocket = true } = options;
  return `
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${ownTempPaths(folder)}
  server {
    listen 127.0.0.1:${port};
    location = ${identityPath} {
      return 200 "${identity}";
    }
    location / {
      proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_read_timeout ${timeoutSec}s;
      proxy_set_header Host $http_host;
      ${buffering ? '' : 'proxy_buffering off; proxy_http_version 1.1; proxy_set_header Connection "";'}
    }
    location /connection/websocket {
      ${websocket ? `proxy_pass http://127.0.0.1:${upstreamPort};` : 'return 403;'}
      proxy_http_version 1.1;
      proxy_read_timeout ${timeoutSec}s;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
`;
}
