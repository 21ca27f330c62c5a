/** Bad inputs B20–B38: WebSocket frames that break RFC 6455 or wear the server out, through raw sockets. */

import { setImmediate } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { opcodes } from '../../../bench/client/websocket-frames.mjs';
import { RawClient } from '../../support/clients/raw-client.js';
import { encodeFrame, type FrameSpec, RawWebSocket } from '../../support/clients/raw-websocket.js';
import { canary, Oracle } from '../../support/hardening/oracle.js';

const oracle = Oracle.ofFile();

const { text, binary, continuation, ping, pong, close } = opcodes;
const command = `{"id":1,"connect":{"token":"${canary}"}}`;

/** Sends frames on a new connection and asserts the code with which the server closes it. */
async function expectClose(code: number, frames: readonly FrameSpec[]): Promise<void> {
  await oracle.withstands(async () => {
    const ws = await RawWebSocket.open(oracle.port);
    ws.write(Buffer.concat(frames.map(encodeFrame)));
    expect((await ws.closed).code).toBe(code);
    expect(ws.messages).toEqual([]);
  });
}

describe('frames that break the rules', () => {
  it.each([text, ping, close])('B20 unmasked frame with opcode %i → 1002', async (opcode) => {
    await expectClose(1002, [{ opcode, payload: opcode === text ? command : '', masked: false }]);
  });

  it.each([1, 2, 3, 4, 7])('B21 RSV bits %i → 1002', async (rsv) => {
    await expectClose(1002, [{ opcode: text, payload: command, rsv }]);
  });

  it('B21 RSV1 on a continuation or a ping → 1002', async () => {
    await expectClose(1002, [
      { opcode: text, payload: command, fin: false },
      { opcode: continuation, rsv: 4 },
    ]);
    await expectClose(1002, [{ opcode: ping, rsv: 4 }]);
  });

  it.each([3, 7, 11, 15])('B22 reserved opcode %i → 1002', async (opcode) => {
    await expectClose(1002, [{ opcode, payload: canary }]);
  });

  it.each([126, 65_536])('B23 ping of %i bytes → 1002', async (length) => {
    await expectClose(1002, [{ opcode: ping, payload: 'x'.repeat(length) }]);
  });

  it('B24 fragmented ping → 1002', () => expectClose(1002, [{ opcode: ping, fin: false }]));

  it.each([
    ['the most significant bit', 'ffffffffffffffff'],
    ['2^53', '0020000000000000'],
    ['4 GiB', '0000000100000000'],
  ])('B25 length with %s → 1009', async (_, hex) => {
    await expectClose(1009, [{ opcode: text, lengthField: Buffer.from(`7f${hex}`, 'hex') }]);
  });

  it.each([
    ['a stray byte', 'ff'],
    ['a cut character', 'e282'],
    ['an overlong slash', 'c0af'],
    ['a surrogate', 'eda080'],
    ['beyond U+10FFFF', 'f4908080'],
  ])('B26 bad UTF-8: %s → 1007', async (_, hex) => {
    const [head, tail] = [Buffer.from('{"id":1,"connect":{"name":"'), Buffer.from('"}}')];
    const payload = Buffer.concat([head, Buffer.from(hex, 'hex'), tail]);
    await expectClose(1007, [{ opcode: text, payload }]);
    await expectClose(1007, [
      { opcode: text, payload: payload.subarray(0, 28), fin: false },
      { opcode: continuation, payload: payload.subarray(28) },
    ]);
  });

  it('B27 over the message limit → 1009, before the payload is there', async () => {
    await expectClose(1009, [{ opcode: text, lengthField: Buffer.from('7f0000000000040001', 'hex') }]);
    await expectClose(1009, [{ opcode: binary, payload: 'x'.repeat(262_145) }]);
  });

  it('B27 fragments that are over the message limit together → 1009', async () => {
    const fragment = 'x'.repeat(100_000);
    await expectClose(1009, [
      { opcode: text, payload: fragment, fin: false },
      { opcode: continuation, payload: fragment, fin: false },
      { opcode: continuation, payload: fragment },
    ]);
  });

  oracle.attack('B27 at the limit → read', 0, async () => {
    const client = await RawClient.open(oracle.port);
    const rest = '{"id":1,"connect":{"name":""}}'.length;
    const reply = client.reply(1);
    client.ws.sendText(`{"id":1,"connect":{"name":"${'x'.repeat(262_144 - rest)}"}}`);
    expect(await reply).toHaveProperty('connect');
    await client.close();
  });

  it('B28 continuation first → 1002', () => expectClose(1002, [{ opcode: continuation, payload: command }]));

  it.each([text, binary])('B28 a message of opcode %i inside fragments → 1002', async (opcode) => {
    await expectClose(1002, [
      { opcode: text, payload: '{', fin: false },
      { opcode, payload: command },
    ]);
  });

  it.each([
    ['1-byte code', '00'],
    ['0', '0000'],
    ['999', '03e7'],
    ['1004', '03ec'],
    ['1005', '03ed'],
    ['1006', '03ee'],
    ['1015', '03f7'],
    ['2999', '0bb7'],
    ['5000', '1388'],
  ])('B34 close with %s → 1002', (_, hex) => expectClose(1002, [{ opcode: close, payload: Buffer.from(hex, 'hex') }]));

  it('B35 bad UTF-8 in the close reason → 1007', () =>
    expectClose(1007, [{ opcode: close, payload: Buffer.from('03e8ff', 'hex') }]));
});

describe('frames without end', () => {
  const fragments = (count: number, payload: string): FrameSpec[] => [
    { opcode: text, payload, fin: false },
    ...Array.from({ length: count - 1 }, () => ({ opcode: continuation, payload, fin: false })),
  ];

  it('B29 more than 64 fragments → 1008', async () => {
    await expectClose(1008, fragments(65, ' '));
    await expectClose(1008, fragments(5_000, ' '));
  });

  oracle.attack('B29 64 fragments → one message', 0, async () => {
    const client = await RawClient.open(oracle.port);
    const reply = client.reply(1);
    for (const frame of fragments(63, ' ')) client.ws.sendFrame(frame);
    client.ws.sendFrame({ opcode: continuation, payload: '{"id":1,"connect":{}}' });
    expect(await reply).toHaveProperty('connect');
    await client.close();
  });

  it('B30 more than 64 empty fragments → 1008', async () => {
    await expectClose(1008, fragments(65, ''));
    await expectClose(1008, fragments(20_000, ''));
  });

  oracle.attack(
    'B31 one frame in endless 1-byte chunks → bounded: read as a whole, or 1008',
    { atMost: 1 },
    async () => {
      const ws = await RawWebSocket.open(oracle.port);
      const frame = encodeFrame({ opcode: text, payload: `{"id":1,"connect":{"name":"${'x'.repeat(100_000)}"}}` });
      let isOver = false;
      void ws.closed.then(() => {
        isOver = true;
      });
      for (let i = 0; i < frame.length && !isOver; i++) {
        await ws.writeThrough(frame.subarray(i, i + 1));
        // The server gets its turn after each byte, so that it reads them one by one.
        if (i % 4 === 0) await setImmediate();
      }
      const code = await Promise.race([ws.closed.then((closed) => closed.code), received(ws)]);
      expect([1008, 'reply']).toContain(code);
      if (code === 'reply') await ws.close();
    },
  );

  oracle.attack('B31 a connect command in 1-byte chunks → read', 0, async () => {
    const client = await RawClient.open(oracle.port);
    const reply = client.reply(1);
    for (const byte of encodeFrame({ opcode: text, payload: '{"id":1,"connect":{}}' })) {
      await client.ws.writeThrough(Buffer.from([byte]));
      await setImmediate();
    }
    expect(await reply).toHaveProperty('connect');
    await client.close();
  });

  oracle.attack.each([ping, pong])('B36 flood of control frames with opcode %i → 3013', async (opcode) => {
    const client = await RawClient.connect(oracle.port);
    const hundred = Buffer.concat(Array.from({ length: 100 }, () => encodeFrame({ opcode, payload: canary })));
    let isOver = false;
    void client.ws.closed.then(() => {
      isOver = true;
    });
    for (let sent = 0; sent < 100_000 && !isOver; sent += 100) {
      await client.ws.writeThrough(hundred);
      await setImmediate();
    }
    expect((await client.ws.closed).code).toBe(3013);
  });

  // The rest used to be parsed, up to 2 MiB in one turn of the event loop.
  oracle.attack('B36 a flood that goes on after it was told 3013 is not parsed', async () => {
    const client = await RawClient.connect(oracle.port, { answerClose: false });
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => encodeFrame({ opcode: ping })));
    for (let i = 0; i < 50; i++) client.ws.write(pings);
    expect((await client.ws.closed).code).toBe(3013);
  });

  oracle.attack('B36 pings that come together get a pong each, sixteen at most, and the newest one', 0, async () => {
    const client = await RawClient.connect(oracle.port);
    const pings = (count: number) => Array.from({ length: count }, (_, n) => `ping ${n}`);
    const write = (payloads: readonly string[]) =>
      client.ws.write(Buffer.concat(payloads.map((payload) => encodeFrame({ opcode: ping, payload }))));
    write(pings(10));
    await client.command('ping', {});
    expect(client.ws.pongs).toEqual(pings(10));
    write(pings(100));
    await client.command('ping', {});
    expect(client.ws.pongs.slice(10)).toEqual([...pings(16), 'ping 99']);
    await client.close();
  });

  oracle.attack('B36 a ping a second is answered and costs nothing', 0, async () => {
    const client = await RawClient.connect(oracle.port);
    client.ws.sendFrame({ opcode: ping, payload: 'x' });
    await client.command('ping', {});
    expect(client.ws.pongs).toEqual(['x']);
    await client.close();
  });
});

/** Resolves when a message has come. */
function received(ws: RawWebSocket): Promise<'reply'> {
  return new Promise((resolve) => {
    if (ws.messages.length > 0) resolve('reply');
    ws.onMessage = () => resolve('reply');
  });
}

describe('compression that the listener does not have', () => {
  const offer = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } };

  it('B21 the offer is declined, and a compressed message → 1002', async () => {
    await oracle.withstands(async () => {
      const ws = await RawWebSocket.open(oracle.port, offer);
      expect(ws.responseHeaders.has('sec-websocket-extensions')).toBe(false);
      ws.sendFrame({ opcode: text, payload: deflateRawSync(command), rsv: 4 });
      expect((await ws.closed).code).toBe(1002);
    });
  });
});

describe.concurrent('peers that do not answer', () => {
  async function withOwnServer(limits: Record<string, number>, attack: (port: number) => Promise<void>): Promise<void> {
    await using own = await Oracle.start({ limits });
    await own.withstands(() => attack(own.port));
  }

  it('B37 no pong → 3012', async () => {
    await withOwnServer({ pingIntervalMs: 3_000, pongTimeoutMs: 1_000 }, async (port) => {
      const silent = await RawClient.connect(port);
      silent.answersPings = false;
      expect((await silent.ws.closed).code).toBe(3012);
      expect(silent.ws.messages.at(-1)).toBe('{}');
    });
  });

  it('B37 a pong of WebSocket is no answer to the ping of the protocol → 3012', async () => {
    await withOwnServer({ pingIntervalMs: 3_000, pongTimeoutMs: 1_000 }, async (port) => {
      const client = await RawClient.connect(port);
      client.ws.onMessage = () => client.ws.sendFrame({ opcode: pong });
      expect((await client.ws.closed).code).toBe(3012);
    });
  });

  it('B38 no close reply → terminated within 5 s', async () => {
    await withOwnServer({}, async (port) => {
      const ws = await RawWebSocket.open(port, { answerClose: false });
      ws.sendText(canary);
      expect((await ws.closing).code).toBe(3501);
      const closingMs = performance.now();
      await ws.closed;
      expect(performance.now() - closingMs).toBeLessThan(10_000);
    });
  });

  it('B38 no close reply but frame after frame → terminated within 5 s', async () => {
    await withOwnServer({}, async (port) => {
      const ws = await RawWebSocket.open(port, { answerClose: false });
      ws.sendText(canary);
      await ws.closing;
      const closingMs = performance.now();
      // What is sent after the close must not keep the connection alive.
      const timer = setInterval(() => ws.sendText(canary), 50);
      await ws.closed;
      clearInterval(timer);
      expect(performance.now() - closingMs).toBeLessThan(10_000);
    });
  });
});
