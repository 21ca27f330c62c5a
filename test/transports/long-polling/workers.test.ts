/** Long polling at several workers without stickiness: each request may meet any of them. */

import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'fanfare/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FanfareProcess, Folder } from '../../cli/fanfare-process.js';
import { askPolling } from '../../support/clients/polling-peer.js';

const config = {
  port: 0,
  anonymous: true,
  workers: 3,
  internal: { port: 0 },
  api: { insecure: true, internalOnly: true },
  log: { level: 'error' },
  channels: {
    chat: { subscribe: 'anyone', publish: 'anyone', history: { size: 1_000, ttl: '10m' }, presence: 'anyone' },
  },
};

describe('long polling and workers', { timeout: 120_000 }, () => {
  let folder: Folder;
  let server: FanfareProcess;
  let url: string;
  let internalUrl: string;
  beforeAll(async () => {
    folder = new Folder({ 'fanfare.json': JSON.stringify(config) });
    server = new FanfareProcess(['serve'], { folder });
    url = await server.listening();
    internalUrl = (await server.seen('stdout', /API on (\S+)/))[1] ?? '';
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  function workers(): number[] {
    const { pid } = server.child;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  }

  async function joined() {
    const client = connect(url, { transports: ['long_polling'], minReconnectDelayMs: 20, maxReconnectDelayMs: 200 });
    const chat = client.channel('chat');
    const values: unknown[] = [];
    let lost = 0;
    chat.on('message', ({ data }) => values.push(data));
    chat.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) lost++;
    });
    await chat.ready();
    expect(client.transport).toBe('long_polling');
    return { client, chat, values, lost: () => lost };
  }

  test('a request is answered by the worker with the session, whichever it comes to', async () => {
    // Each on a connection of its own, which are handed out in turn.
    const ask = (body: object) => askPolling(url, body, {}, new Agent({ keepAlive: false }));
    const opened = await ask({ data: JSON.stringify({ id: 1, connect: {} }) });
    const { session, node, seq } = opened.trailer ?? {};
    expect(opened.data).toContain('"connect"');
    for (let id = 2; id < 8; id++) {
      const command = { id, publish: { channel: 'chat', data: id } };
      expect((await ask({ session, node, id: id - 1, data: JSON.stringify(command) })).status).toBe(204);
    }
    let [ack, text] = [seq ?? 0, ''];
    while (!text.includes('"id":7')) {
      const { status, trailer, data } = await ask({ session, node, ack });
      expect(status).toBe(200);
      ack = trailer?.seq ?? ack;
      text += data;
    }
    expect(text.match(/"publish":/g)).toHaveLength(6);
  });

  test('F1 G2 G3: clients have everything once and in order, also when workers are killed', async () => {
    const members = await Promise.all(Array.from({ length: 6 }, joined));
    let sent = 0;
    const publishOnce = async (data: number) => {
      const response = await fetch(`${internalUrl}/api/publish`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Connection: 'close' },
        body: JSON.stringify({ channel: 'chat', data, idempotency_key: `${data}` }),
        // What a worker had taken when it was killed is never answered.
        signal: AbortSignal.timeout(8_000),
      });
      expect(await response.json()).toHaveProperty('result');
    };
    const publish = async (count: number) => {
      for (const end = sent + count; sent < end; sent++) await publishOnce(sent).catch(() => publishOnce(sent));
    };
    const expectAll = async () => {
      const all = Array.from({ length: sent }, (_, n) => n);
      for (const { values } of members) await expect.poll(() => values, { timeout: 15_000 }).toEqual(all);
    };
    await publish(20);
    await expectAll();
    const before = workers();
    expect(before).toHaveLength(3);
    for (const pid of before.slice(0, 2)) {
      process.kill(pid, 'SIGKILL');
      await publish(20);
    }
    await publish(20);
    await expectAll();
    expect(members.map(({ lost }) => lost())).toEqual([0, 0, 0, 0, 0, 0]);
    for (const { client } of members) client.close();
  });
});
