/** The proxies and supervisors of deploy/ wait longer than the server needs at its defaults: what they cut, it would not. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { options } from '../../src/config/options.js';
import { timeouts } from '../../src/server/listener.js';

const deploy = (path: string) => readFileSync(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');

/** All values of a directive, in milliseconds. */
function durationsOf(path: string, directive: RegExp): number[] {
  const source = new RegExp(`^\\s*${directive.source}\\s+(\\d+)s;?\\s*(?:#.*)?$`, 'gm');
  return [...deploy(path).matchAll(source)].map(([, seconds]) => Number(seconds) * 1_000);
}

/** The longest that a healthy connection is silent: a poll that hangs, or the time between two pings. */
const longestSilenceMs = Math.max(options['limits.pingInterval'].default, options['limits.pollWait'].default);

describe('what a proxy takes for dead is more silent than a healthy connection', () => {
  test.each([
    ['nginx', 'nginx/proxy.conf', /proxy_read_timeout/],
    ['nginx, the other way', 'nginx/proxy.conf', /proxy_send_timeout/],
    ['HAProxy, clients', 'haproxy/haproxy.cfg', /timeout client/],
    ['HAProxy, servers', 'haproxy/haproxy.cfg', /timeout server/],
    ['HAProxy, WebSocket', 'haproxy/haproxy.cfg', /timeout tunnel/],
  ])('%s', (_, path, directive) => {
    const found = durationsOf(path, directive);
    expect(found.length).toBeGreaterThan(0);
    for (const ms of found) expect(ms).toBeGreaterThanOrEqual(longestSilenceMs + options['limits.pongTimeout'].default);
  });
});

test('nginx closes idle connections to nodes before they do', () => {
  const nginxDefaultMs = 60_000;
  for (const path of ['nginx/fanfare.conf', 'nginx/fanfare-sticky.conf']) {
    const [idleMs = nginxDefaultMs] = durationsOf(path, /keepalive_timeout/);
    expect(idleMs).toBeLessThan(timeouts.keepAliveTimeout);
  }
});

test('a supervisor kills later than a graceful shutdown ends', () => {
  const deadlineMs = options['shutdown.deadline'].default;
  const [systemd] = /^TimeoutStopSec=(\d+)$/m.exec(deploy('systemd/fanfare.service'))?.slice(1) ?? [];
  const [kubernetes] =
    /terminationGracePeriodSeconds: (\d+)/.exec(deploy('kubernetes/deployment.yaml'))?.slice(1) ?? [];
  const [compose] = /stop_grace_period: (\d+)s/.exec(deploy('compose/compose.yaml'))?.slice(1) ?? [];
  for (const seconds of [systemd, kubernetes, compose]) expect(Number(seconds) * 1_000).toBeGreaterThan(deadlineMs);
});
