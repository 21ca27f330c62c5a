/**
 * Go's coder/websocket reads messages of up to 32,768 bytes and fails at larger ones: of what is asked of clients here, the
 * least. It used to be closed by a turn with 400 publications.
 */

import { channel, fanfare, type Limits } from 'fanfare';
import { beforeAll, describe, expect, test } from 'vitest';
import { goIsMissing, goProgram } from '../support/programs/go.js';

describe.skipIf(goIsMissing())('coder/websocket at its defaults', () => {
  let read: Awaited<ReturnType<typeof goProgram>>;
  beforeAll(async () => {
    read = await goProgram('test/clients/coder-websocket');
  }, 120_000);

  async function withApp(
    run: (app: ReturnType<typeof startApp>, url: string) => Promise<void>,
    limits: Limits = {},
  ): Promise<void> {
    const app = startApp(limits);
    try {
      const { url } = await app.listen(0);
      await run(app, `${url.replace('http', 'ws')}/connection/websocket`);
    } finally {
      await app.close(0);
    }
  }

  function startApp(limits: Limits) {
    return fanfare({
      anonymous: true,
      limits,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      channels: {
        'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 1_000 }, presence: true }),
      },
    });
  }

  const [connect, subscribe] = ['{"id":1,"connect":{}}', '{"id":2,"subscribe":{"channel":"room:a"}}'];
  const data = 'x'.repeat(200);

  test('reads 400 publications of one turn', async () => {
    await withApp(async (app, url) => {
      const reading = read(url, `${connect}\n${subscribe}`, '402');
      while ((await app.presence('room:a')).length === 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(Array.from({ length: 400 }, () => app.publish('room:a', data)));
      expect(JSON.parse(await reading)).toMatchObject({ lines: 402, error: '<nil>' });
    });
  });

  test('reads the replies to 400 commands of one frame, and its own publications between them', async () => {
    await withApp(async (_app, url) => {
      const publishes = Array.from({ length: 200 }, (_, n) =>
        JSON.stringify({ id: n + 3, publish: { channel: 'room:a', data } }),
      );
      const reading = read(url, [connect, subscribe, ...publishes].join('\n'), '402');
      expect(JSON.parse(await reading)).toMatchObject({ lines: 402, error: '<nil>' });
    });
  });

  /** Publishes so many, and resolves with the command that recovers them all. */
  async function missed(
    app: ReturnType<typeof startApp>,
    name: `room:${string}`,
    count: number,
    id: number,
  ): Promise<string> {
    const results = await Promise.all(Array.from({ length: count }, () => app.publish(name, data)));
    const recover = { channel: name, recover: true, offset: 0, epoch: results[0]?.epoch };
    return JSON.stringify({ id, subscribe: recover });
  }

  test('recovers in several channels at once, whose replies are more than a frame together', async () => {
    await withApp(async (app, url) => {
      const recovers = [await missed(app, 'room:a', 100, 2), await missed(app, 'room:b', 100, 3)];
      // The replies, and the join in each channel is of others alone.
      const reading = read(url, [connect, ...recovers].join('\n'), '3');
      const { error, lines, messages } = JSON.parse(await reading);
      expect([error, lines, messages > 1]).toEqual(['<nil>', 3, true]);
    });
  });

  test('one reply that is larger cannot be cut: the limit of what is recovered keeps it small', async () => {
    await withApp(async (app, url) => {
      const frame = [connect, await missed(app, 'room:a', 400, 2)].join('\n');
      expect(JSON.parse(await read(url, frame, '2')).error).toContain('32769');
    });
    const limits = { maxRecoveredPublications: 100 };
    await withApp(async (app, url) => {
      const frame = [connect, await missed(app, 'room:a', 400, 2)].join('\n');
      expect(JSON.parse(await read(url, frame, '2'))).toMatchObject({ lines: 2, error: '<nil>' });
    }, limits);
  });
});
