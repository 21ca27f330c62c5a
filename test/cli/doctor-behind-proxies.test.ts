/** `fanfare doctor` on servers behind real nginx and HAProxy with one fault each: it finds that fault, and no other. */

import { redis } from 'fanfare/redis';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { RedisServer, redisIsMissing } from '../support/brokers/redis-server.js';
import { freePort } from '../support/programs/free-port.js';
import { haproxyProgram } from '../support/programs/haproxy.js';
import { areMissing } from '../support/programs/missing.js';
import { nginxProgram } from '../support/programs/nginx.js';
import { connection, doctor, haproxy, host, limits, nginx, noWait, passing, server, upgrade } from './doctored.js';
import { runInProcess } from './in-process.js';

// What it needs is loaded when it is first called, which takes its time beside other work.
beforeAll(() => runInProcess(['doctor', '--help']), 120_000);

describe.skipIf(areMissing(nginxProgram.name, nginxProgram.path))('behind nginx', () => {
  test('all is well', async () => {
    const { codes } = await doctor(await nginx([await server({ limits })], passing));
    expect(codes).toEqual([]);
  });

  test('Upgrade is not passed on', async () => {
    const { codes, findings } = await doctor(
      await nginx([await server()], `location / { proxy_pass http://fanfare; ${host} }`),
      noWait,
    );
    expect(codes).toEqual(['no-upgrade']);
    expect(findings.find(({ code }) => code === 'no-upgrade')?.remedies?.nginx).toContain('proxy_set_header Upgrade');
    const http11 = `location / { proxy_pass http://fanfare; ${host} proxy_http_version 1.1; proxy_set_header Connection ""; }`;
    expect((await doctor(await nginx([await server()], http11), noWait)).codes).toEqual(['no-upgrade']);
  });

  test('streams are buffered', async () => {
    const buffering = 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;';
    const port = await nginx([await server()], `location / { proxy_pass http://fanfare; ${buffering} ${upgrade} }`);
    const { codes, findings } = await doctor(port, [...noWait, '--timeout', '2s']);
    expect(codes).toEqual(['buffering']);
    expect(findings.find(({ code }) => code === 'buffering')).toMatchObject({ station: 'http streaming' });
  });

  test('what is idle is cut', async () => {
    const node = await server();
    const port = await nginx([node], `location / { proxy_pass http://fanfare; ${upgrade} proxy_read_timeout 1s; }`);
    const { codes, findings } = await doctor(port, ['--wait', '20s']);
    expect(codes).toEqual(['idle-timeout']);
    expect(
      findings.filter(({ code }) => code === 'idle-timeout').map(({ message }) => message.split(' is cut')[0]),
    ).toEqual(['WebSocket', 'HTTP streaming']);
  });

  test('what is idle is cut, though the first ping had come before', async () => {
    // A server pings its connections in turn, the first of them after a second.
    const node = await server({ limits: { pingIntervalMs: 8_000, pongTimeoutMs: 3_000 } });
    const port = await nginx([node], `location / { proxy_pass http://fanfare; ${upgrade} proxy_read_timeout 3s; }`);
    const { codes, findings } = await doctor(port, ['--wait', '20s']);
    expect(codes).toEqual(['idle-timeout']);
    expect(findings.filter(({ code }) => code === 'idle-timeout')).toHaveLength(2);
  });

  test('WebSocket is blocked', async () => {
    const port = await nginx([await server()], `location /connection/websocket { return 403; } ${passing}`);
    const { codes, findings } = await doctor(port, noWait);
    expect(codes).toEqual(['blocked-websocket']);
    expect(findings.find(({ station }) => station === 'http streaming')).toMatchObject({ outcome: 'well' });
  });

  test('paths that are cut, or not passed on', async () => {
    const node = await server();
    const prefixed = await nginx([node], `location /rt/ { proxy_pass http://fanfare/; ${upgrade} }`);
    expect((await doctor(`http://127.0.0.1:${prefixed}`, noWait)).codes).toContain('wrong-path');
    expect((await doctor(`http://127.0.0.1:${prefixed}/rt/connection/websocket`, noWait)).codes).toEqual([]);
    const noCommands = await nginx([node], `location /connection/ { proxy_pass http://fanfare; ${upgrade} }`);
    expect((await doctor(noCommands, noWait)).codes).toEqual(['commands-blocked']);
  });

  test('the Host that pages connect to is not passed on', async () => {
    const port = await nginx(
      [await server()],
      `location / { proxy_pass http://fanfare; proxy_http_version 1.1; proxy_set_header Host inner; ${connection} }`,
    );
    const { codes, findings } = await doctor(port, noWait);
    expect(codes).toEqual(['host']);
    expect(findings.find(({ code }) => code === 'host')?.message).toContain('inner');
  });

  test('nothing behind it, and limits', async () => {
    expect((await doctor(await nginx([await freePort()], passing), noWait)).codes).toContain('no-server');
    expect(
      (await doctor(await nginx([await server()], `location /connection/websocket { return 429; } ${passing}`), noWait))
        .codes,
    ).toEqual(['limited']);
    expect(
      (await doctor(await nginx([await server()], 'return 308 https://$host$request_uri;'), noWait)).codes,
    ).toContain('redirect');
  });

  test('two nodes without stickiness, that know nothing of each other', async () => {
    const { codes } = await doctor(await nginx([await server(), await server()], passing), noWait);
    expect(codes).toEqual(['nodes-apart']);
  });

  test.skipIf(redisIsMissing())(
    'two nodes without stickiness, with one broker: nothing is wrong, and it is said',
    async () => {
      const store = await RedisServer.start();
      onTestFinished(() => store[Symbol.asyncDispose]());
      const node = () => server({ broker: redis({ url: store.url }) });
      const { codes, findings } = await doctor(await nginx([await node(), await node()], passing), [
        ...noWait,
        '--channel',
        'news',
        '--publish',
        '1',
      ]);
      expect(codes).toEqual([]);
      expect(findings.find(({ station }) => station === 'nodes')).toMatchObject({ outcome: 'well' });
    },
  );
});

describe.skipIf(areMissing(haproxyProgram.name, haproxyProgram.path))('behind HAProxy', () => {
  test('all is well; then what is idle is cut', async () => {
    expect((await doctor(await haproxy([await server({ limits })], ''))).codes).toEqual([]);
    const node = await server();
    expect((await doctor(await haproxy([node], '', '1s'), ['--wait', '20s'])).codes).toEqual(['idle-timeout']);
  });

  test('WebSocket is blocked, and the clock of the server is another', async () => {
    const deny = 'http-request deny deny_status 403 if { path /connection/websocket }';
    expect((await doctor(await haproxy([await server()], deny), noWait)).codes).toEqual(['blocked-websocket']);
    const late = 'http-response set-header Date "Tue, 01 Jan 2030 00:00:00 GMT"';
    expect((await doctor(await haproxy([await server()], late), noWait)).codes).toEqual(['clock']);
    const dropped = 'http-request del-header Upgrade';
    expect((await doctor(await haproxy([await server()], dropped), noWait)).codes).toEqual(['no-upgrade']);
  });
});
