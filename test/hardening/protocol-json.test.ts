/**
 * Bad inputs B39–B59: commands of the protocol that are malformed, hostile or too many, in JSON unless it says otherwise. One table of cases over the
 * same few helpers, which is why it is not split.
 */

import { describe, expect, it } from 'vitest';
import { opcodes } from '../../bench/client/websocket-frames.mjs';
import { errorCode, type Message, RawClient } from '../support/clients/raw-client.js';
import { RawWebSocket } from '../support/clients/raw-websocket.js';
import { protobufRefusedVectors } from '../support/documents/protocol-vectors.js';
import { canary, Oracle } from '../support/hardening/oracle.js';
import { tokenSecret } from '../support/hardening/server-process.js';
import { signed } from '../support/servers/signed.js';

const oracle = Oracle.ofFile();
/** Takes frames of megabytes, for inputs that the default limit of 256 KiB already stops. */
const wide = Oracle.ofFile({ limits: { maxFrameBytes: 4 * 1_024 * 1_024, maxMessageBytes: 65_536 } });

/** Sends text on a connection that has not connected, and asserts the close code. */
async function expectCloseAtFirst(code: number, frame: string, target = oracle): Promise<void> {
  await target.withstands(async () => {
    const ws = await RawWebSocket.open(target.port);
    ws.sendText(frame);
    expect((await ws.closed).code, frame.slice(0, 200)).toBe(code);
    expect(ws.messages).toEqual([]);
  });
}

/** Sends text on a connected connection, and asserts the close code. */
async function expectClose(code: number, frame: string, target = oracle): Promise<void> {
  await target.withstands(async () => {
    const client = await RawClient.connect(target.port);
    client.ws.sendText(frame);
    expect((await client.ws.closed).code, frame.slice(0, 200)).toBe(code);
  });
}

/** Sends commands on one connected connection and asserts the error of each; the connection lives through it. */
async function expectErrors(code: number, method: string, fields: readonly string[], target = oracle): Promise<void> {
  await target.withstands(async () => {
    const client = await RawClient.connect(target.port);
    for (const text of fields) expect(errorCode(await client.commandText(method, text)), text.slice(0, 200)).toBe(code);
    expect(await client.command('ping', {})).not.toHaveProperty('error');
    await client.close();
  }, fields.length);
}

describe('frames that are no commands', () => {
  it.each([
    ['nothing', ''],
    ['blank lines', ' \n\n\t\n'],
    ['words', `hello ${canary}`],
    ['a number', '1'],
    ['null', 'null'],
    ['a string', `"${canary}"`],
    ['an array', `[{"id":1,"connect":{}}]`],
    ['a truncated command', '{"id":1,"connect":{'],
    ['a trailing comma', '{"id":1,"connect":{},}'],
    ['a comment', '{"id":1,"connect":{}/**/}'],
    ['a byte order mark', '\ufeff\ufeff{"id":1,"connect":{}'],
    ['good first, garbage second', `{"id":1,"connect":{}}\n${canary}`],
  ])('B39 %s → 3501', (_, frame) => expectCloseAtFirst(3501, frame));

  it('B39 garbage on a connected connection → 3501', () =>
    expectClose(3501, `{"id":2,"publish":{"channel":"plain:a","data":"${canary}"`));

  it.each(['subscribe', 'publish', 'ping', 'rpc', 'refresh'])('B40 %s before connect → 3501', async (method) => {
    const fields = `{"channel":"plain:a","method":"m","token":"${canary}","data":1}`;
    await expectCloseAtFirst(3501, `{"id":1,"${method}":${fields}}`);
  });

  it('B40 pong or send before connect → 3501', async () => {
    await expectCloseAtFirst(3501, '{}');
    await expectCloseAtFirst(3501, '{"send":{"data":1}}');
  });

  const many = (count: number, value: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, value]));
  it.each([
    ['a header that is a number', { headers: { 'X-E': 5 } }],
    ['more headers than 64', { headers: many(65, 'x') }],
    ['more subs than 4,096', { subs: many(4_097, {}) }],
    ['a token that is a number', { token: 5 }],
  ])('B40 connect with %s → 3501', (_, connect) => expectCloseAtFirst(3501, JSON.stringify({ id: 1, connect })));

  it('B40 second connect → 3501', async () => {
    await expectClose(3501, '{"id":2,"connect":{}}');
    await oracle.withstands(async () => {
      const ws = await RawWebSocket.open(oracle.port);
      ws.sendText('{"id":1,"connect":{}}\n{"id":2,"connect":{}}');
      expect((await ws.closed).code).toBe(3501);
    });
  });

  it.each([
    ['unknown method', '{"id":2,"explode":{}}'],
    ['method in capitals', '{"id":2,"Subscribe":{"channel":"plain:a"}}'],
    ['no method', '{"id":2}'],
    ['missing id', '{"subscribe":{"channel":"plain:a"}}'],
    ['id 0', '{"id":0,"subscribe":{"channel":"plain:a"}}'],
    ['negative id', '{"id":-1,"ping":{}}'],
    ['fractional id', '{"id":1.5,"ping":{}}'],
    ['id of 2^32', '{"id":4294967296,"ping":{}}'],
    ['id 1e999', '{"id":1e999,"ping":{}}'],
    ['id as text', '{"id":"2","ping":{}}'],
    ['method as a list', '{"id":2,"subscribe":["plain:a"]}'],
    ['method as text', '{"id":2,"subscribe":"plain:a"}'],
  ])('B42 %s → 3501', (_, frame) => expectClose(3501, frame));

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('B43 %s as method → 3501', async (name) => {
    await expectClose(3501, `{"id":2,"${name}":{"channel":"plain:a"}}`);
    await expectErrors(108, 'rpc', [`{"method":"${name}","data":{}}`]);
  });

  it('B43 __proto__, constructor, toString as keys → inert', async () => {
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port);
      const polluted =
        '{"__proto__":{"recover":true,"channel":"closed:x"},"constructor":{"prototype":{"x":1}},"toString":1';
      expect(await client.commandText('subscribe', `${polluted},"channel":"plain:proto"}`)).toHaveProperty('subscribe');
      const publish = `${polluted},"channel":"plain:proto","data":${polluted}}}`;
      expect(await client.commandText('publish', publish)).toHaveProperty('publish');
      expect(await client.command('ping', {})).toEqual({ id: expect.any(Number), ping: expect.anything() });
      expect(client.publications).toHaveLength(1);
      // Carried through as it was sent, as data and nothing else.
      expect(JSON.stringify(client.publications[0]?.data)).toBe(`${polluted}}`);
      await client.close();
    }, 0);
    // The channel is the one of the command itself, not of what it calls its prototype.
    await expectErrors(107, 'subscribe', ['{"__proto__":{"channel":"plain:a"}}']);
    await expectClose(3501, '{"__proto__":{"id":2,"ping":{}}}');
  });

  it.each([
    ['lists', '['.repeat(10_000)],
    ['objects', '{"a":'.repeat(10_000)],
    ['well-formed lists', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ])('B44 %s nested 10⁴ deep → 3501, before use', async (_, deep) => {
    await expectClose(3501, `{"id":2,"publish":{"channel":"plain:a","data":${deep}}}`);
  });

  it('B44 nested 10⁶ deep, where frames may be large → 3501', () =>
    expectClose(3501, `{"id":2,"publish":{"channel":"plain:a","data":${'['.repeat(1_000_000)}`, wide));

  oracle.attack('B56 binary frame to the JSON protocol → 3506', async () => {
    const ws = await RawWebSocket.open(oracle.port);
    ws.sendFrame({ opcode: opcodes.binary, payload: '{"id":1,"connect":{}}' });
    expect((await ws.closed).code).toBe(3506);
  });

  it.each(protobufRefusedVectors)('B55 protobuf: $name → $code', ({ bytes, code }) =>
    oracle.withstands(async () => {
      const ws = await RawWebSocket.open(oracle.port, { path: '/connection/websocket?format=protobuf' });
      ws.sendFrame({ opcode: opcodes.binary, payload: Buffer.from(bytes) });
      expect((await ws.closed).code).toBe(code);
    }),
  );

  it.todo('B57 claimed attachments 10⁹ or 0 → nothing preallocated, when Socket.IO is built');
});

describe('a connection that does not connect', () => {
  it('B41 no connect within the time-out → 3012, after which clients come back', async () => {
    await using impatient = await Oracle.start({ limits: { connectTimeoutMs: 1_000 } });
    await impatient.withstands(async () => {
      const silent = await RawWebSocket.open(impatient.port);
      const pinging = await RawWebSocket.open(impatient.port);
      const timer = setInterval(() => pinging.sendFrame({ opcode: opcodes.ping }), 50);
      expect((await silent.closed).code).toBe(3012);
      expect((await pinging.closed).code).toBe(3012);
      clearInterval(timer);
    }, 2);
  });
});

describe('positions', () => {
  const offsets = ['9007199254740993', '-1', '1.5', '"1"', '1e999', 'true', '[]', '{}'];

  it('B45 offset 2⁵³+1, −1, 1.5, "1", 1e999 → 107', async () => {
    const positions = offsets.map((offset) => `{"channel":"open:b45","recover":true,"epoch":"x","offset":${offset}}`);
    await expectErrors(107, 'subscribe', positions);
    const queries = offsets.map((offset) => `{"channel":"open:b45","limit":1,"since":{"epoch":"","offset":${offset}}}`);
    await expectErrors(107, 'history', queries);
  });

  it('B45 the same in a connect → 3501: there is no connection yet that could live on', () =>
    expectCloseAtFirst(3501, '{"id":1,"connect":{"subs":{"open:a":{"recover":true,"epoch":"x","offset":-1}}}}'));

  it('B46 offset above the top, wrong epoch → recovered: false', async () => {
    await oracle.server.ask('publish', { channel: 'open:b46', count: 5 });
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port);
      const { epoch } = resultOf(await client.command('history', { channel: 'open:b46' }), 'history');
      for (const since of [
        { offset: 6, epoch },
        { offset: Number.MAX_SAFE_INTEGER, epoch },
        { offset: 3, epoch: 'wrong' },
      ]) {
        const reply = await client.command('subscribe', { channel: 'open:b46', recover: true, ...since });
        const result = resultOf(reply, 'subscribe');
        expect(result.recovered ?? false).toBe(false);
        expect(result.publications ?? []).toEqual([]);
        expect(result.was_recovering).toBe(true);
        await client.command('unsubscribe', { channel: 'open:b46' });
      }
      await client.close();
    }, 0);
  });

  it('B46 … → 112 for a client that wants none but a recovered subscription, and for history', async () => {
    await oracle.server.ask('publish', { channel: 'open:b46b', count: 5 });
    await expectErrors(112, 'subscribe', [
      '{"channel":"open:b46b","recover":true,"flag":2,"offset":6,"epoch":"wrong"}',
      '{"channel":"open:b46b","recover":true,"flag":2,"offset":3,"epoch":"wrong"}',
    ]);
    await expectErrors(112, 'history', [
      '{"channel":"open:b46b","limit":1,"since":{"offset":6,"epoch":""}}',
      '{"channel":"open:b46b","limit":1,"since":{"offset":3,"epoch":"wrong"}}',
    ]);
  });

  it('B47 1 MB epoch → 107; 1009 where frames are limited to 256 KiB', async () => {
    const subscribe = (length: number) =>
      `{"channel":"open:b47","recover":true,"offset":1,"epoch":"${'e'.repeat(length)}"}`;
    await expectErrors(107, 'subscribe', [subscribe(1_000_000)], wide);
    await expectErrors(107, 'subscribe', [subscribe(60_000)]);
    await expectClose(1009, `{"id":2,"subscribe":${subscribe(1_000_000)}}`);
  });
});

describe('too many, too large, twice', () => {
  const pings = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `{"id":${from + i},"ping":{}}`).join('\n');

  it('B48 10⁵ commands in one frame → 3501, and none of them runs', async () => {
    await expectClose(3501, pings(2, 100_000), wide);
    await expectCloseAtFirst(3501, `{"id":1,"connect":{}}\n${pings(2, 3_000)}`);
  });

  it('B48 10⁶ empty lines → 3501', () => expectClose(3501, '\n'.repeat(1_000_000), wide));

  oracle.attack('B49 command flood → 111, then 3013', 2, async () => {
    const client = await RawClient.connect(oracle.port);
    const codes: unknown[] = [];
    // Each hundred waits for its replies, so that only the rate is too high.
    const flood = async () => {
      for (let n = 0; n < 100; n++) {
        const replies = await Promise.all(Array.from({ length: 100 }, () => client.command('ping', {})));
        codes.push(...replies.map(errorCode));
      }
    };
    await expect(flood()).rejects.toThrow('closed with 3013');
    expect(new Set(codes)).toEqual(new Set([undefined, 111]));
    // Nobody is refused before the burst of 1,000 is used up, of which the connect was one.
    expect(codes.indexOf(111)).toBeGreaterThanOrEqual(999);
  });

  // One for each limit that it met, and one for its end.
  oracle.attack('B49 … at once, without waiting for a reply → 3013', { atMost: 3 }, async () => {
    const client = await RawClient.connect(oracle.port);
    client.ws.onMessage = undefined;
    for (let n = 0; n < 100; n++) client.ws.sendText(pings(2 + n * 100, 100));
    expect((await client.ws.closed).code).toBe(3013);
  });

  oracle.attack('B50 one channel above the limit of 128 → 106', async () => {
    const client = await RawClient.connect(oracle.port);
    const subscribe = (n: number) => client.command('subscribe', { channel: `plain:b50:${n}` });
    const replies = await Promise.all(Array.from({ length: 128 }, (_, n) => subscribe(n)));
    expect(replies.map(errorCode)).toEqual(replies.map(() => undefined));
    expect(errorCode(await subscribe(128))).toBe(106);
    await client.command('unsubscribe', { channel: 'plain:b50:0' });
    expect(errorCode(await subscribe(128))).toBeUndefined();
    await client.close();
  });

  oracle.attack('B51 duplicate subscribe → 105', 2, async () => {
    const client = await RawClient.connect(oracle.port);
    // The second comes while the first is still under way.
    const both = await Promise.all([1, 2].map(() => client.command('subscribe', { channel: 'open:b51' })));
    expect(both.map(errorCode)).toEqual([undefined, 105]);
    expect(errorCode(await client.command('subscribe', { channel: 'open:b51' }))).toBe(105);
    await client.close();
  });

  it('B52 history limit 10⁹ or −1 → capped', async () => {
    await oracle.server.ask('publish', { channel: 'open:b52', count: 1_500 });
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port);
      for (const limit of [1e9, -1, Number.MAX_SAFE_INTEGER]) {
        const { publications } = resultOf(await client.command('history', { channel: 'open:b52', limit }), 'history');
        expect(publications).toHaveLength(1_000);
      }
      await client.close();
    }, 0);
    await expectErrors(107, 'history', ['{"channel":"open:b52","limit":1e999}', '{"channel":"open:b52","limit":0.5}']);
  });

  it('B53 presence of a channel with 100 k members → capped', async () => {
    await oracle.server.ask('addMembers', { channel: 'open:b53', count: 100_000 });
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port);
      const { presence } = resultOf(await client.command('presence', { channel: 'open:b53' }), 'presence');
      expect(Object.keys(presence as object)).toHaveLength(1_000);
      const stats = resultOf(await client.command('presence_stats', { channel: 'open:b53' }), 'presence_stats');
      expect(stats).toEqual({ num_clients: 100_000, num_users: 100_000 });
      await client.close();
    }, 0);
  });

  it('B54 subscribe/unsubscribe flood → bounded broker calls', async () => {
    await using patient = await Oracle.start({ limits: { brokerLingerMs: 1_000 } });
    const flood = async () => {
      const before = await patient.server.ask('brokerCalls');
      const startedMs = performance.now();
      const client = await RawClient.connect(patient.port);
      for (let n = 0; n < 450; n++) {
        const subscribed = client.command('subscribe', { channel: 'plain:b54' });
        await Promise.all([subscribed, client.command('unsubscribe', { channel: 'plain:b54' })]);
      }
      await client.close();
      const seconds = (performance.now() - startedMs) / 1_000;
      const after = await patient.server.ask('brokerCalls');
      const most = 1 + Math.ceil(seconds);
      expect(after.subscribe - before.subscribe).toBeLessThanOrEqual(most);
      expect(after.unsubscribe - before.unsubscribe).toBeLessThanOrEqual(most);
    };
    await patient.withstands(flood, { atMost: 450 });
  });

  it('B58 publication over the limit, lone surrogate → 107', async () => {
    const large = (length: number) => `{"channel":"plain:b58","data":"${'x'.repeat(length - 2)}"}`;
    await expectErrors(107, 'publish', [large(65_537), large(1_000_000)], wide);
    await expectErrors(107, 'publish', [
      '{"channel":"plain:b58","data":"\\ud800"}',
      '{"channel":"plain:b58","data":{"\\udc00":1}}',
      '{"channel":"plain:b58","data":["\\ude00\\ud83d"]}',
      '{"channel":"plain:b58"}',
    ]);
    await wide.withstands(async () => {
      const client = await RawClient.connect(wide.port);
      expect(await client.commandText('publish', large(65_536))).toHaveProperty('publish');
      const pair = await client.commandText('publish', '{"channel":"plain:b58","data":"\\ud83d\\ude00"}');
      expect(pair).toHaveProperty('publish');
      await client.close();
    }, 0);
  });

  it('B59 duplicate command id → 3501', async () => {
    await expectClose(3501, '{"id":2,"ping":{}}\n{"id":2,"ping":{}}');
    await expectClose(3501, '{"id":1,"ping":{}}');
    await expectClose(3501, '{"id":9,"ping":{}}\n{"id":5,"ping":{}}\n{"id":7,"ping":{}}\n{"id":5,"ping":{}}');
  });

  oracle.attack('B59 ids out of order, each once → all answered', 0, async () => {
    const client = await RawClient.connect(oracle.port);
    const replies = [9, 5, 7, 6, 8].map((id) => client.reply(id));
    client.ws.sendText([9, 5, 7, 6, 8].map((id) => `{"id":${id},"ping":{}}`).join('\n'));
    expect(await Promise.all(replies)).toHaveLength(5);
    await client.close();
  });
});

describe('secrets', () => {
  it('a token and its claims are in no log line, whether it is accepted or refused', async () => {
    const good = await signed(tokenSecret, { sub: 'alice', info: { note: canary }, meta: canary });
    await oracle.withstands(async () => {
      const client = await RawClient.connect(oracle.port, { token: good });
      await client.command('publish', { channel: 'plain:a', data: canary });
      await client.close();
      const refused = await RawWebSocket.open(oracle.port);
      refused.sendText(JSON.stringify({ id: 1, connect: { token: `${good}x`, data: canary } }));
      expect((await refused.closed).code).toBe(3500);
    });
  });
});

function resultOf(reply: Message, method: string): Message {
  expect(reply).toHaveProperty(method);
  // safe: the assertion above
  return reply[method] as Message;
}
