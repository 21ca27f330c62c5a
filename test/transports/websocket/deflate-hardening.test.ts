/** Bad inputs on connections that compress: bombs, what is no deflate, marks where none may be. */

import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { opcodes } from '../../../bench/client/websocket-frames.mjs';
import { RawClient } from '../../support/clients/raw-client.js';
import { encodeFrame, type FrameSpec, RawWebSocket } from '../../support/clients/raw-websocket.js';
import { canary, Oracle } from '../../support/hardening/oracle.js';

const maxFrameBytes = 65_536;
// The raw clients of these tests do not decompress: nothing is so long that it is compressed for them.
const oracle = Oracle.ofFile({ limits: { maxFrameBytes }, deflate: { minBytes: 1_000_000 } });

const { text, binary, continuation, ping, close } = opcodes;
const rsv1 = 4;
const offer = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } };

/** As senders do it (RFC 7692 section 7.2.1). */
function deflated(message: string | Buffer): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

async function open(): Promise<RawWebSocket> {
  const ws = await RawWebSocket.open(oracle.port, offer);
  expect(ws.responseHeaders.get('sec-websocket-extensions')).toBe(
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  );
  return ws;
}

/** Sends frames on a new connection, asserts the code with which the server closes it, and a line in the log. */
async function expectClose(code: number, frames: readonly FrameSpec[]): Promise<void> {
  await oracle.withstands(async () => {
    const ws = await open();
    ws.write(Buffer.concat(frames.map(encodeFrame)));
    expect((await ws.closed).code).toBe(code);
    expect(ws.messages).toEqual([]);
  });
}

/** A compressed message in so many frames. */
function split(payload: Buffer, count: number): FrameSpec[] {
  const size = Math.ceil(payload.length / count);
  return Array.from({ length: count }, (_, n) => ({
    opcode: n === 0 ? text : continuation,
    ...(n === 0 && { rsv: rsv1 }),
    payload: payload.subarray(n * size, (n + 1) * size),
    fin: n === count - 1,
  }));
}

const bomb = deflated(Buffer.alloc(16 * 1_024 * 1_024));
const command = (data: string) => JSON.stringify({ id: 1, connect: { token: canary, data } });

describe('bombs', () => {
  it('B32 a message that inflates to 16 MiB → 1009', () =>
    expectClose(1009, [{ opcode: text, payload: bomb, rsv: rsv1 }]));

  it('B32 the same in 60 fragments → 1009', () => expectClose(1009, split(bomb, 60)));

  it('B32 the same as bytes → 1009', () => expectClose(1009, [{ opcode: binary, payload: bomb, rsv: rsv1 }]));

  it('B32 a byte more than maxFrameBytes → 1009', () =>
    expectClose(1009, [{ opcode: text, payload: deflated(' '.repeat(maxFrameBytes + 1)), rsv: rsv1 }]));

  it('B27 more than maxFrameBytes of compressed data → 1009', () =>
    expectClose(1009, [{ opcode: text, payload: Buffer.alloc(maxFrameBytes + 1), rsv: rsv1 }]));

  it('B29 more than 64 fragments → 1008', () => expectClose(1008, split(deflated(command('x'.repeat(500))), 65)));

  it('B30 more than 64 empty fragments → 1008', () =>
    expectClose(1008, [
      { opcode: text, rsv: rsv1, fin: false },
      ...Array.from({ length: 64 }, () => ({ opcode: continuation, fin: false })),
    ]));

  oracle.attack('B32 many messages that inflate to just the limit hold up nobody', 0, async () => {
    const client = await RawClient.connect(oracle.port, offer);
    const ids = Array.from({ length: 400 }, (_, n) => n + 2);
    const last = client.reply(401);
    // 40 KB, and 26 MiB for whoever inflates them.
    const payloads = ids.map((id) => deflated(`{"id":${id},"ping":{}}`.padEnd(maxFrameBytes)));
    client.ws.write(Buffer.concat(payloads.map((payload) => encodeFrame({ opcode: text, payload, rsv: rsv1 }))));
    expect(await last).toMatchObject({ id: 401 });
    await client.close();
  });

  it('B32 empty messages in one chunk hold up nobody', async () => {
    await oracle.withstands(
      async () => {
        const client = await RawClient.connect(oracle.port, offer);
        const empty = encodeFrame({ opcode: text, payload: Buffer.of(0), rsv: rsv1 });
        client.ws.write(Buffer.concat(Array(9_000).fill(empty)));
        await client.ws.closed;
      },
      { atMost: 2 },
    );
  });
});

describe('what is no deflate', () => {
  it.each([
    ['a block type that there is not', 'ffffffff'],
    ['a distance beyond the start', '4b04a200'],
    ['data behind its end', 'f348cdc9c90700f248cdc9c90700'],
  ])('B33 %s → 1007', (_, hex) => expectClose(1007, [{ opcode: text, payload: Buffer.from(hex, 'hex'), rsv: rsv1 }]));

  it('B33 in the second of two fragments → 1007', () =>
    expectClose(1007, split(Buffer.concat([deflated('{'), Buffer.from('ffffffff', 'hex')]), 2)));

  it('B33 with what refers to an earlier message, which was forbidden → 1007', async () => {
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port, offer);
      const publish = (data: string) => JSON.stringify({ id: 2, publish: { channel: 'plain:a', data } });
      const dictionary = Buffer.from(publish('x'));
      const payload = deflateRawSync(publish('y'), { finishFlush: constants.Z_SYNC_FLUSH, dictionary }).subarray(0, -4);
      client.ws.sendFrame({ opcode: text, payload: deflated(publish('x')), rsv: rsv1 });
      client.ws.sendFrame({ opcode: text, payload, rsv: rsv1 });
      expect((await client.ws.closed).code).toBe(1007);
    });
  });

  it('B26 text that is no UTF-8 → 1007', () =>
    expectClose(1007, [{ opcode: text, payload: deflated(Buffer.from('ff', 'hex')), rsv: rsv1 }]));

  it('B39 garbage, once it is inflated → 3501', () =>
    expectClose(3501, [{ opcode: text, payload: deflated(canary), rsv: rsv1 }]));
});

describe('RSV1 where it must not be', () => {
  it('B21 on a continuation → 1002', () =>
    expectClose(1002, [
      { opcode: text, payload: 'x', rsv: rsv1, fin: false },
      { opcode: continuation, payload: 'y', rsv: rsv1 },
    ]));

  it('B21 on a ping or a close → 1002', async () => {
    await expectClose(1002, [{ opcode: ping, rsv: rsv1 }]);
    await expectClose(1002, [{ opcode: close, rsv: rsv1 }]);
  });

  it('B21 RSV2 and RSV3 are no one’s → 1002', async () => {
    for (const rsv of [5, 6, 2, 1]) await expectClose(1002, [{ opcode: text, payload: deflated(canary), rsv }]);
  });
});

describe('what is good', () => {
  oracle.attack('a message in fragments, with a ping between them, and one without compression', 0, async () => {
    const client = await RawClient.connect(oracle.port, offer);
    const [first, second, ...rest] = split(deflated('{"id":2,"subscribe":{"channel":"plain:a"}}'), 5);
    const reply = client.reply(2);
    for (const frame of [first, second, { opcode: ping, payload: 'p' }, ...rest]) if (frame) client.ws.sendFrame(frame);
    expect(await reply).toMatchObject({ subscribe: {} });
    expect(client.ws.pongs).toEqual(['p']);
    const another = client.reply(3);
    client.ws.sendText('{"id":3,"ping":{}}');
    expect(await another).toMatchObject({ id: 3 });
    await client.close();
  });

  oracle.attack('a client that goes while its messages wait leaves nothing behind', 0, async () => {
    const client = await RawClient.connect(oracle.port, offer);
    const publishes = Array.from({ length: 20 }, (_, n) => {
      const publish = `{"id":${n + 2},"publish":{"channel":"plain:a","data":${n}}}`;
      return encodeFrame({ opcode: text, payload: deflated(publish.padEnd(maxFrameBytes)), rsv: rsv1 });
    });
    await client.ws.writeThrough(Buffer.concat(publishes));
    client.ws.reset();
    await client.ws.closed;
  });
});
