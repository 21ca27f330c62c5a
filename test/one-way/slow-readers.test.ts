/** F9: one-way consumers over HTTP that do not read, and one that reads slowly; what they have missed they can have. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startOneWay } from './app.js';

const maxQueueBytes = 131_072;
const filler = 'x'.repeat(32_000);

async function open(url: string): Promise<IncomingMessage> {
  const [response] = await once(get(url), 'response');
  // 'close' follows.
  response.on('error', () => undefined);
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(response, 'close');
  return text;
}

/** The numbers in the messages, of which each begins with its own. */
const numbersIn = (text: string) => [...text.matchAll(/"(\d+) x/g)].map(([, n]) => Number(n));

describe.each(['/sse', '/stream'])('%s', (path) => {
  test.concurrent('F9, G2: who does not read is told 3008, without a hole before it; others hear everything', async () => {
    await using server = await startOneWay({ maxQueueBytes });
    const { app, direct } = server;
    const slow = await open(`${direct}${path}?channels=plain:a`);
    const good = await open(`${direct}${path}?channels=plain:a`);
    let heard = '';
    good.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    let sent = 0;
    while (app.numClients > 1) {
      expect(sent, 'publications to a consumer that reads nothing').toBeLessThan(4_000);
      await app.publish('plain:a', `${sent++} ${filler}`);
      // Who reads is not to be slow, however busy the machine is.
      while (heard.length < sent * filler.length) await once(good, 'data');
    }
    const text = await textOf(slow);
    expect(text.trimEnd().split('\n').at(-1)).toContain('"code":3008');
    expect(numbersIn(text)).toEqual(Array.from({ length: numbersIn(text).length }, (_, n) => n));
    await expect.poll(() => numbersIn(heard).length).toBe(sent);
    expect(numbersIn(heard)).toEqual(Array.from({ length: sent }, (_, n) => n));
    good.destroy();
  });

  test.concurrent('F9: who does not read stays where the rules say so, and then hears the newest, or all of it', async () => {
    await using server = await startOneWay({ maxQueueBytes });
    const { app, direct } = server;
    const slow = await open(`${direct}${path}?channels=newest:a,complete:a`);
    const count = 120;
    for (let n = 0; n < count; n++) {
      for (const name of ['newest:a', 'complete:a'] as const) await app.publish(name, `${n} ${filler}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(app.numClients).toBe(1);
    let heard = '';
    slow.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    const of = (name: string) =>
      [...heard.matchAll(/"channel":"(\w+):a"[^\n]*?"(\d+) x/g)].flatMap(([, at, n]) => (at === name ? Number(n) : []));
    const last = () => [of('newest').at(-1), of('complete').at(-1)];
    await expect.poll(last, { timeout: 15_000, interval: 100 }).toEqual([count - 1, count - 1]);
    const all = Array.from({ length: count }, (_, n) => n);
    expect(of('complete')).toEqual(all);
    expect(of('newest')).toEqual(all.filter((n) => of('newest').includes(n)));
    expect(of('newest').length).toBeLessThan(count);
    slow.destroy();
  });

  test.concurrent('F9: who reads slowly but reads stays, even if its pings take their time', async () => {
    // Less than the 6 s that the publications take, and more than a busy machine may stand still.
    await using server = await startOneWay({ pingIntervalMs: 3_000, pongTimeoutMs: 2_500 });
    const { app, url, proxy } = server;
    const response = await open(`${url}${path}?channels=plain:a`);
    proxy.setFaults({ bytesPerSec: 20_000 }, 'toClient');
    let heard = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      heard += chunk;
    });
    for (let n = 0; n < 6; n++) await app.publish('plain:a', `${n} ${'x'.repeat(20_000)}`);
    await expect.poll(() => numbersIn(heard), { timeout: 20_000, interval: 200 }).toEqual([0, 1, 2, 3, 4, 5]);
    expect(app.numClients).toBe(1);
    response.destroy();
  });
});
