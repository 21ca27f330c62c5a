/** Calls of procedures go to the backend. */

import { describe, expect, test } from 'vitest';
import { codeOfRefusal, nextEvent } from '../support/centrifuge/awaiting.js';
import { HookedServer, knownClient, lettingIn } from './hooked-server.js';

async function start(more: object = {}): Promise<HookedServer> {
  return lettingIn(await HookedServer.start({ hooks: { connect: '/connect', rpc: '/rpc', ...more } }));
}

describe('rpc', () => {
  test('the request has the client, the method and the data, and the result goes back', async () => {
    await using server = await start();
    server.backend.on('/rpc', () => ({ result: { data: { answer: '2019' } } }));
    const client = await server.connected();
    expect((await client.rpc('getCurrentPrice', { params: { object_id: 12 } })).data).toEqual({ answer: '2019' });
    const asked = { user: '42', method: 'getCurrentPrice', data: { params: { object_id: 12 } } };
    expect(server.backend.callsTo('/rpc')[0]?.body).toEqual({ ...knownClient, ...asked });
  });

  test('a call without a method has none', async () => {
    await using server = await start();
    server.backend.on('/rpc', () => ({ result: { b64data: Buffer.from('[1]').toString('base64') } }));
    const client = await server.connected();
    expect((await client.rpc('', 1)).data).toEqual([1]);
    expect(server.backend.callsTo('/rpc')[0]?.body).not.toHaveProperty('method');
  });

  test('an error goes back with its code and message', async () => {
    await using server = await start();
    server.backend.on('/rpc', () => ({ error: { code: 1_234, message: 'sold out' } }));
    const client = await server.connected();
    await expect(client.rpc('buy', {})).rejects.toMatchObject({ code: 1_234, message: 'sold out' });
  });

  test('a disconnect sends the client away', async () => {
    await using server = await start();
    server.backend.on('/rpc', () => ({ disconnect: { code: 4_505, reason: 'enough' } }));
    const client = await server.connected();
    const disconnected = nextEvent(client, 'disconnected');
    client.rpc('m', 1).catch(() => {});
    expect((await disconnected).code).toBe(4_505);
  });

  const unanswered = ['hang', 'hang up', { status: 200, text: 'oops' }] as const;
  test.each(unanswered)('F16: without an answer it fails with 100: %j', async (answer) => {
    await using server = await start({ timeout: '50ms' });
    server.backend.on('/rpc', () => answer);
    expect(await codeOfRefusal((await server.connected()).rpc('m', 1))).toBe(100);
  });

  test('G12: a client with too many calls at once is told 111, and others are served', async () => {
    await using server = await start({ maxInFlight: 8, maxWaiting: 0 });
    const held: (() => void)[] = [];
    server.backend.on('/rpc', ({ body }) =>
      body.data === 'slow'
        ? new Promise((resolve) => held.push(() => resolve({ result: { data: 'done' } })))
        : { result: { data: 'quick' } },
    );
    const [greedy, other] = [await server.connected(), await server.connected()];
    const slow = greedy.rpc('m', 'slow');
    await server.backend.waitFor('/rpc', 1);
    expect(await codeOfRefusal(greedy.rpc('m', 'slow'))).toBe(111);
    expect((await other.rpc('m', 'x')).data).toBe('quick');
    for (const release of held) release();
    expect((await slow).data).toBe('done');
  });

  test('without the hook there are no procedures (108)', async () => {
    await using server = await start({ rpc: undefined });
    expect(await codeOfRefusal((await server.connected()).rpc('m', 1))).toBe(108);
  });
});
