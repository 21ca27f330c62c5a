/**
 * Go's coder/websocket reads messages of up to 32,768 bytes and fails at larger ones: of what is asked of clients here, the
 * least. It used to be closed by a turn with 400 publications.
 */

import { channel, fanfare, type Limits } from 'fanfare';
import { beforeAll, describe, expect, test } from 'vitest';
import { goIsMissing, goProgram } from '../support/programs/go.js';
import { served } from '../support/servers/served.js';

describe.skipIf(goIsMissing())('coder/websocket at its defaults', () => {
  let read: Awaited<ReturnType<typeof goProgram>>;
  beforeAll(async () => {
    read = await goProgram('test/clients/coder-websocket');
  }, 120_000);

  async function start(limits: Limits = {}) {
    const room = channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 1_000 }, presence: true });
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const { app, url } = await served(fanfare({ anonymous: true, limits, log, channels: { 'room:{name}': room } }));
    return { app, url: `${url.replace('http', 'ws')}/connection/websocket` };
  }

  type App = Awaited<ReturnType<typeof start>>['app'];

  const [connect, subscribe] = ['{"id":1,"connect":{}}', '{"id":2,"subscribe":{"channel":"room:a"}}'];
  const data = 'x'.repeat(200);

  test('reads 400 publications of one turn', async () => {
    const { app, url } = await start();
    const reading = read(url, `${connect}\n${subscribe}`, '402');
    while ((await app.presence('room:a')).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(Array.from({ length: 400 }, () => app.publish('room:a', data)));
    expect(JSON.parse(await reading)).toMatchObject({ lines: 402, error: '<nil>' });
  });

  test('reads the replies to 400 commands of one frame, and its own publications between them', async () => {
    const { url } = await start();
    const publish = { channel: 'room:a', data };
    const publishes = Array.from({ length: 200 }, (_, n) => JSON.stringify({ id: n + 3, publish }));
    const reading = read(url, [connect, subscribe, ...publishes].join('\n'), '402');
    expect(JSON.parse(await reading)).toMatchObject({ lines: 402, error: '<nil>' });
  });

  /** Publishes so many, and resolves with the command that recovers them all. */
  async function missed(app: App, name: `room:${string}`, count: number, id: number): Promise<string> {
    const results = await Promise.all(Array.from({ length: count }, () => app.publish(name, data)));
    const recover = { channel: name, recover: true, offset: 0, epoch: results[0]?.epoch };
    return JSON.stringify({ id, subscribe: recover });
  }

  test('recovers in several channels at once, whose replies are more than a frame together', async () => {
    const { app, url } = await start();
    const recovers = [await missed(app, 'room:a', 100, 2), await missed(app, 'room:b', 100, 3)];
    // The replies, and the join in each channel is of others alone.
    const reading = read(url, [connect, ...recovers].join('\n'), '3');
    const { error, lines, messages } = JSON.parse(await reading);
    expect([error, lines, messages > 1]).toEqual(['<nil>', 3, true]);
  });

  test('one reply that is larger cannot be cut: the limit of what is recovered keeps it small', async () => {
    const recovered = async (limits?: Limits) => {
      const { app, url } = await start(limits);
      return JSON.parse(await read(url, [connect, await missed(app, 'room:a', 400, 2)].join('\n'), '2'));
    };
    expect((await recovered()).error).toContain('32769');
    expect(await recovered({ maxRecoveredPublications: 100 })).toMatchObject({ lines: 2, error: '<nil>' });
  });
});
