/** The gate on a request that does not come from a Node server, but for instance as the event of a function. */

import { describe, expect, test } from 'vitest';
import { EngineNode } from '../../test/support/engine/node.js';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import { Admission } from '../engine/sessions/admission.js';
import { findHostFault } from '../http/host.js';
import type { RequestHead } from '../http/request-head.js';
import type { RefusalLine } from '../model/refusal-line.js';
import { ClientGate } from './client-gate.js';
import { corsHeaders } from './cors.js';
import { findUnwelcome } from './exchange.js';
import { OriginPolicy } from './origin-policy.js';
import { TrustedProxies } from './trusted-proxies.js';
import { findRefusal } from './websocket/upgrade.js';

const page = 'https://app.example';

function head(headers: RequestHead['headers'] = {}, more: Partial<RequestHead> = {}): RequestHead {
  const all = { host: 'api.example', ...headers };
  return {
    method: 'POST',
    url: '/connection/http_stream?a=1',
    httpVersion: '1.1',
    httpVersionMajor: 1,
    headers: all,
    rawHeaders: Object.entries(all).flatMap(([name, value]) => [name, String(value)]),
    socket: { remoteAddress: '10.0.0.1' },
    ...more,
  };
}

function gateWith({ cookies = false, isDraining = false, limits = {} } = {}) {
  const { node, clock } = new EngineNode({ channels: {}, limits });
  const { counters } = node.ports;
  const lines: RefusalLine[] = [];
  const tell: RefusalLog['tell'] = (line, _linesAMinute, context) =>
    lines.push({ ...line, fields: { ...context?.(), ...line.fields } }) > 0;
  const admission = new Admission(clock, node.ports.limits);
  if (isDraining) admission.drain();
  const gate = new ClientGate(
    { limits: node.ports.limits, admission, refusals: { tell }, counters },
    {
      origins: new OriginPolicy({ origins: [page] }),
      proxies: new TrustedProxies(['10.0.0.0/8']),
      cookiesAuthenticate: () => cookies,
    },
  );
  return { gate, admission, lines, counters };
}

describe('is let in', () => {
  test.each<[string, RequestHead]>([
    ['a program', head()],
    ['a page of the list', head({ origin: page, 'sec-fetch-site': 'cross-site' })],
    ['a page of the same host without an origin', head({ 'sec-fetch-site': 'same-origin' })],
  ])('%s', (_, request) => {
    const { gate } = gateWith();
    expect([gate.findClosing(), findUnwelcome(request, gate, ['POST']), gate.findFull(request)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(findHostFault(request)).toBeUndefined();
  });

  test('and what the engine is told of it', () => {
    const { gate } = gateWith({ cookies: true });
    const request = head({ origin: page, cookie: 'a=1', 'x-forwarded-for': '203.0.113.9, 198.51.100.7, 10.2.3.4' });
    expect(gate.handshakeOf(request)).toMatchObject({
      url: '/connection/http_stream?a=1',
      remoteAddress: '198.51.100.7',
    });
    expect(gate.bindingOf(request)).toEqual({ origin: page, cookies: expect.stringMatching(/^[\w-]{43}$/) });
    expect(corsHeaders(request, gate)).toMatchObject({
      'Access-Control-Allow-Origin': page,
      'Access-Control-Allow-Credentials': 'true',
    });
  });

  test('an upgrade of WebSocket', () => {
    const { gate } = gateWith();
    const upgrade = { upgrade: 'websocket', 'sec-websocket-version': '13', origin: page };
    expect(findRefusal(head(upgrade, { method: 'GET' }), gate)).toBeUndefined();
    expect(findRefusal(head({ ...upgrade, 'sec-websocket-version': '8' }, { method: 'GET' }), gate)?.status).toBe(426);
  });

  test('a preflight is answered as such', () => {
    const { gate } = gateWith();
    expect(findUnwelcome(head({ origin: page }, { method: 'OPTIONS' }), gate, ['POST'])).toBe('preflight');
  });
});

describe('is refused, with a line that says why', () => {
  test.each<[string, RequestHead, number, object]>([
    ['another page', head({ origin: 'https://evil.example' }), 403, { check: 'origin', option: 'origins' }],
    ['another site', head({ 'sec-fetch-site': 'cross-site' }), 403, { check: 'origin', fetchSite: 'cross-site' }],
    ['cookies without an origin', head({ cookie: 'a=1' }), 403, { check: 'cookies', header: 'Origin' }],
    ['another method', head({}, { method: 'PUT' }), 405, { check: 'request', reason: 'use POST' }],
  ])('%s', (_, request, status, line) => {
    const { gate, lines, counters } = gateWith({ cookies: true });
    const refusal = findUnwelcome(request, gate, ['POST']);
    if (refusal === undefined || refusal === 'preflight') throw new Error('let in');
    gate.noteRefusal(request, refusal);
    const told = lines.map(({ check, fields }) => ({ check, ...fields }));
    expect(told).toMatchObject([{ status, peer: '10.0.0.1', path: '/connection/http_stream', ...line }]);
    expect([...counters.requestsRefused]).toEqual([[told[0]?.check, new Map([[status, 1]])]]);
  });

  test('a node that is full, and one that shuts down', () => {
    const { gate, admission } = gateWith({ limits: { maxConnections: 1 } });
    const request = head({ 'x-forwarded-for': '198.51.100.7' });
    admission.opened('198.51.100.7');
    expect(gate.findFull(request)).toMatchObject({ status: 503, why: { fields: { option: 'limits.maxConnections' } } });
    expect(gateWith({ isDraining: true }).gate.findClosing()).toMatchObject({ status: 503 });
  });

  test('two hosts', () => {
    expect(findHostFault(head({}, { rawHeaders: ['Host', 'a', 'host', 'b'] }))).toBe('several Host headers');
  });
});
