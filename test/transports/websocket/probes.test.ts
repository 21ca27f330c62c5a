/** Clients that ask whether WebSocket passes: bytes of PROTOCOL.md, bounds, and that nothing is opened for them. */

import { readFileSync } from 'node:fs';
import { fanfare } from 'fanfare';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { opcodes } from '../../../bench/client/websocket-frames.mjs';
import { silentLogger } from '../../../src/engine/ports/logger.js';
import { probeLimits } from '../../../src/transports/websocket/probes.js';
import { openSocket, upgradeRequest } from '../../support/clients/raw-http.js';
import { RawWebSocket } from '../../support/clients/raw-websocket.js';
import { served } from '../../support/servers/served.js';

const headers = { 'Sec-WebSocket-Protocol': 'fanfare.probe' };

const makeApp = () => fanfare({ anonymous: true, log: silentLogger, channels: {} });
let app: ReturnType<typeof makeApp>;
let port: number;

beforeEach(async () => {
  ({ app, port } = await served(makeApp()));
});

async function nextMessage(ws: RawWebSocket): Promise<string> {
  return new Promise((resolve) => {
    ws.onMessage = resolve;
  });
}

describe('a probe', () => {
  test('gets its messages back, as the bytes in the document', async () => {
    const document = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
    const [, sent = '', answered = ''] = /> ((?:[0-9a-f]{2} ?)+).*\n\s+< ((?:[0-9a-f]{2} ?)+)/.exec(document) ?? [];
    const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(bytesOf(sent).length).toBeGreaterThan(6);
    const socket = await openSocket(port);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
    });
    socket.write(upgradeRequest(port, headers));
    await vi.waitFor(() => expect(received.toString('latin1')).toContain('\r\n\r\n'));
    expect(received.toString('latin1').toLowerCase()).toContain('sec-websocket-protocol: fanfare.probe\r\n');
    received = Buffer.alloc(0);
    socket.write(bytesOf(sent));
    await vi.waitFor(() => expect(received.toString('hex')).toBe(bytesOf(answered).toString('hex')));
    socket.destroy();
  });

  test('is no client', async () => {
    const ws = await RawWebSocket.open(port, { headers });
    const echo = nextMessage(ws);
    ws.sendText('{"id":1,"connect":{}}');
    expect(await echo).toBe('{"id":1,"connect":{}}');
    expect(app.numClients).toBe(0);
    await ws.close();
  });

  test('is over after a few messages, and after one that is too long', async () => {
    const often = await RawWebSocket.open(port, { headers });
    for (let n = 0; n <= probeLimits.maxMessages; n++) often.sendText(`${n}`);
    expect(await often.closed).toMatchObject({ code: 1_008 });
    expect(often.messages).toHaveLength(probeLimits.maxMessages);

    const long = await RawWebSocket.open(port, { headers });
    long.sendText('x'.repeat(probeLimits.maxMessageBytes));
    long.sendText('x'.repeat(probeLimits.maxMessageBytes + 1));
    expect(await long.closed).toMatchObject({ code: 1_009 });
    expect(long.messages).toHaveLength(1);
  });

  test('that breaks the protocol or the connection harms nobody', async () => {
    const broken = await RawWebSocket.open(port, { headers });
    broken.sendFrame({ opcode: opcodes.text, payload: 'x', masked: false });
    expect(await broken.closed).toMatchObject({ code: 1_002 });
    const reset = await RawWebSocket.open(port, { headers });
    reset.reset();
    const next = await RawWebSocket.open(port, { headers });
    const echo = nextMessage(next);
    next.sendText('still there');
    expect(await echo).toBe('still there');
    await next.close();
  });

  test('is refused to pages that may not connect, and when there are too many', async () => {
    const foreign = { ...headers, Origin: 'https://evil.example' };
    await expect(RawWebSocket.open(port, { headers: foreign })).rejects.toThrow('403');
    const limits = { connectsPerSec: 1, connectBurst: 1 };
    const full = await served(fanfare({ anonymous: true, limits, channels: {} }));
    const first = await RawWebSocket.open(full.port, { headers });
    await expect(RawWebSocket.open(full.port, { headers })).rejects.toThrow('503');
    await first.close();
  });

  test('does not keep the server from closing', async () => {
    const ws = await RawWebSocket.open(port, { headers });
    await app.close(500);
    expect(await ws.closed).toBeDefined();
  });

  test('is not what a client gets that offers other subprotocols besides', async () => {
    const both = { 'Sec-WebSocket-Protocol': 'centrifuge-json, fanfare.probe' };
    const ws = await RawWebSocket.open(port, { headers: both });
    expect(ws.responseHeaders.get('sec-websocket-protocol')).toBe('centrifuge-json');
    await ws.close();
  });
});
