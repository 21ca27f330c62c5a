/** The client's end of long polling, on a fake `fetch` and a fake clock. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LongPollingSocket } from './long-polling-socket.js';

type Asked = Readonly<Record<string, unknown>>;

/** One request that waits for the test to answer it. */
interface Exchange {
  readonly asked: Asked;
  readonly init: RequestInit;
  answer(status: number, text?: string): void;
  fail(): void;
}

const opened = '{"seq":1,"session":"s","node":"n","wait_ms":25000,"grace_ms":15000}\n';
const url = 'https://example.com/connection/long_polling';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function start() {
  const exchanges: Exchange[] = [];
  const fake = (_: unknown, init: RequestInit = {}) =>
    new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      exchanges.push({
        asked: JSON.parse(String(init.body)),
        init,
        answer: (status, text) => resolve(new Response(status === 204 ? null : text, { status })),
        fail: () => reject(new TypeError('fetch failed')),
      });
    });
  const socket = new LongPollingSocket(url, null, { fetch: fake as typeof fetch });
  const received: string[] = [];
  const closes: { code: number; reason: string }[] = [];
  const errors: unknown[] = [];
  socket.onmessage = ({ data }) => received.push(data);
  socket.onclose = (event) => closes.push(event);
  socket.onerror = (error) => errors.push(error);
  /** Lets what is ready happen. */
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const kinds = () => exchanges.map(({ asked }) => kindOf(asked));
  /** The last exchange of that kind. */
  const last = (kind: string): Exchange => {
    const found = exchanges.findLast(({ asked }) => kindOf(asked) === kind);
    if (found === undefined) throw new Error(`no ${kind} among ${kinds().join()}`);
    return found;
  };
  const connect = async () => {
    await settle();
    socket.send('connect');
    last('open').answer(200, `connected\n${opened}`);
    await settle();
  };
  return { socket, exchanges, received, closes, errors, settle, kinds, last, connect };
}

/** One that is connected, and polling. */
async function connected() {
  const client = start();
  await client.connect();
  return client;
}

function kindOf(asked: Asked): string {
  if (asked.close === true) return 'close';
  if (asked.session === undefined) return 'open';
  return asked.ack === undefined ? 'send' : 'poll';
}

describe('opening', () => {
  test('opens without a request, and the first frame opens the session', async () => {
    const { socket, received, settle, kinds, last, connect } = start();
    const onOpen = vi.fn();
    socket.onopen = onOpen;
    expect(socket.readyState).toBe(0);
    await settle();
    expect([onOpen.mock.calls.length, socket.readyState, kinds()]).toEqual([1, 1, []]);
    await connect();
    expect(received).toEqual(['connected']);
    expect(kinds()).toEqual(['open', 'poll']);
    expect(last('poll').asked).toEqual({ session: 's', node: 'n', ack: 1 });
  });

  test('asks as the other HTTP transports of the SDK do', async () => {
    const { last } = await connected();
    for (const kind of ['open', 'poll']) {
      expect(last(kind).init).toMatchObject({ method: 'POST', credentials: 'same-origin' });
      expect(last(kind).init.headers).toEqual({ 'Content-Type': 'application/json' });
    }
  });

  test.each<[string, (exchange: Exchange) => void]>([
    ['no answer', (exchange) => exchange.fail()],
    ['a server that is full', (exchange) => exchange.answer(503)],
    ['a page that may not connect', (exchange) => exchange.answer(403)],
    ['an answer that was cut', (exchange) => exchange.answer(200, 'connected\n{"seq":1,"ses')],
    ['an answer without a session', (exchange) => exchange.answer(200, '{"seq":1}\n')],
    ['a page of a proxy', (exchange) => exchange.answer(200, '<html>sign in</html>')],
  ])('%s: closes with 1006, and does not open a second session', async (_, meet) => {
    const { socket, settle, kinds, last, closes, errors } = start();
    await settle();
    socket.send('connect');
    meet(last('open'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kinds()).toEqual(['open']);
    expect([closes, errors.length, socket.readyState]).toEqual([[{ code: 1006, reason: '' }], 1, 3]);
  });

  test('frames that come while it opens are sent behind', async () => {
    const { socket, settle, last } = start();
    await settle();
    socket.send('connect');
    socket.send('a');
    socket.send('b');
    last('open').answer(200, opened);
    await settle();
    expect(last('open').asked.data).toBe('connect');
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 1, data: 'a\nb' });
  });
});

describe('polling', () => {
  test('acknowledges what it has, one poll at a time', async () => {
    const { received, settle, kinds, last } = await connected();
    last('poll').answer(200, 'a\nb\n{"seq":2}\n');
    await settle();
    last('poll').answer(200, '{"seq":2}\n');
    await settle();
    last('poll').answer(200, 'c\n{"seq":3}\n');
    await settle();
    expect(received).toEqual(['connected', 'a\nb', 'c']);
    expect(last('poll').asked.ack).toBe(3);
    expect(kinds()).toEqual(['open', 'poll', 'poll', 'poll', 'poll']);
  });

  test.each<[string, (exchange: Exchange) => void]>([
    ['no answer', (exchange) => exchange.fail()],
    ['a gateway without a server', (exchange) => exchange.answer(502)],
    ['a limit of a proxy', (exchange) => exchange.answer(429)],
    ['an answer that was cut', (exchange) => exchange.answer(200, 'a\n{"se')],
    ['an answer that was cut between two messages', (exchange) => exchange.answer(200, 'a\n')],
    ['an empty answer', (exchange) => exchange.answer(200, '')],
    ['a page of a proxy', (exchange) => exchange.answer(200, '<html>sign in</html>')],
  ])('G3: after %s it asks for the same again, and hands nothing on twice', async (_, meet) => {
    const { received, settle, kinds, last, closes } = await connected();
    meet(last('poll'));
    await settle();
    expect(kinds()).toEqual(['open', 'poll']);
    await vi.advanceTimersByTimeAsync(100);
    expect(kinds()).toEqual(['open', 'poll', 'poll']);
    expect(last('poll').asked.ack).toBe(1);
    last('poll').answer(200, 'a\n{"seq":2}\n');
    await settle();
    // As a proxy may repeat it.
    last('poll').answer(200, 'a\n{"seq":2}\n');
    await settle();
    expect(received).toEqual(['connected', 'a']);
    expect(closes).toEqual([]);
  });

  test('the pauses between attempts grow', async () => {
    const { exchanges, kinds, last } = await connected();
    for (const delayMs of [100, 200, 400, 800, 1_600, 2_000, 2_000]) {
      const before = exchanges.length;
      last('poll').fail();
      await vi.advanceTimersByTimeAsync(delayMs - 1);
      expect(exchanges.length).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(exchanges.length).toBe(before + 1);
    }
    expect(new Set(kinds())).toEqual(new Set(['open', 'poll']));
  });

  test('gives up when the server has forgotten the session by now', async () => {
    const { last, closes } = await connected();
    const began = Date.now();
    while (closes.length === 0) {
      last('poll').fail();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(Date.now() - began).toBeGreaterThanOrEqual(15_000);
    expect(Date.now() - began).toBeLessThan(15_300);
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
  });

  test('F8: a poll that is swallowed is given up, and asked again', async () => {
    const { kinds, last } = await connected();
    await vi.advanceTimersByTimeAsync(25_000 + 10_000 - 1);
    expect(last('poll').init.signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(101);
    expect(kinds()).toEqual(['open', 'poll', 'poll']);
  });

  test.each([400, 401, 403, 404, 409, 413])('%i is the end of it, at once', async (status) => {
    const { settle, kinds, last, closes } = await connected();
    last('poll').answer(status, 'refused\n');
    await settle();
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kinds()).toEqual(['open', 'poll']);
  });
});

describe('sending', () => {
  test('G1: one request at a time; what comes meanwhile goes together into the next', async () => {
    const { socket, settle, kinds, last } = await connected();
    for (const frame of ['a', 'b', 'c']) socket.send(frame);
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 1, data: 'a' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(kinds()).toEqual(['open', 'poll', 'send']);
    last('send').answer(204);
    await settle();
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 2, data: 'b\nc' });
    last('send').answer(204);
    await settle();
    expect(kinds().filter((kind) => kind === 'send')).toHaveLength(2);
  });

  test('F12: is refused while the server ends the session: the poll brings the reason before the end', async () => {
    // A pong was on its way when the server closed with 3001: the client ended without the reason (1 in place of 3001).
    const { socket, received, closes, settle, last } = await connected();
    socket.send('pong');
    last('send').answer(404, 'no such session\n');
    await settle();
    expect(closes).toEqual([]);
    last('poll').answer(200, 'disconnect\n{"seq":2}\n');
    await settle();
    expect(received).toEqual(['connected', 'disconnect']);
  });

  test('ends a second after it was refused when the poll brings nothing', async () => {
    const { socket, closes, last } = await connected();
    socket.send('a');
    last('send').answer(404, 'no such session\n');
    await vi.advanceTimersByTimeAsync(999);
    expect(closes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(closes).toEqual([{ code: 1006, reason: '' }]);
  });

  test('G3: a frame whose answer is lost goes again under the same number', async () => {
    const { socket, last } = await connected();
    socket.send('a');
    last('send').fail();
    socket.send('b');
    await vi.advanceTimersByTimeAsync(100);
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 1, data: 'a' });
    // Swallowed this time.
    await vi.advanceTimersByTimeAsync(10_200);
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 1, data: 'a' });
    last('send').answer(204);
    await vi.advanceTimersByTimeAsync(0);
    expect(last('send').asked).toEqual({ session: 's', node: 'n', id: 2, data: 'b' });
  });

  test('what waits is sent in pieces that a server takes', async () => {
    const { socket, settle, last } = await connected();
    socket.send('first');
    const big = 'x'.repeat(10_000);
    for (let n = 0; n < 3; n++) socket.send(`${big}${n}`);
    for (let n = 0; n < 300; n++) socket.send(String(n));
    const sent: string[] = [];
    while (!sent.join('\n').endsWith('\n299')) {
      sent.push(String(last('send').asked.data));
      last('send').answer(204);
      await settle();
    }
    expect(sent.join('\n').split('\n')).toHaveLength(304);
    for (const data of sent) {
      expect(data.length).toBeLessThan(20_000);
      expect(data.split('\n').length).toBeLessThanOrEqual(128);
    }
  });

  test('one frame that is larger goes alone', async () => {
    const { socket, settle, last } = await connected();
    socket.send('first');
    socket.send('x'.repeat(60_000));
    socket.send('last');
    last('send').answer(204);
    await settle();
    expect(String(last('send').asked.data)).toHaveLength(60_000);
  });
});

describe('closing', () => {
  test('tells the server, even when its page is left, and ends what is under way', async () => {
    const { socket, settle, last, closes, errors } = await connected();
    socket.send('a');
    const [poll, send] = [last('poll'), last('send')];
    socket.close();
    expect(last('close').asked).toEqual({ session: 's', node: 'n', close: true });
    expect(last('close').init.keepalive).toBe(true);
    expect([poll.init.signal?.aborted, send.init.signal?.aborted]).toEqual([true, true]);
    await settle();
    expect([closes, errors, socket.readyState]).toEqual([[{ code: 1000, reason: '' }], [], 3]);
  });

  test('does nothing more afterwards, whatever is answered', async () => {
    const { socket, exchanges, received, settle, last, closes } = await connected();
    const poll = last('poll');
    poll.answer(200, 'late\n{"seq":2}\n');
    socket.close();
    socket.close();
    socket.send('a');
    last('close').fail();
    await vi.advanceTimersByTimeAsync(60_000);
    await settle();
    expect(received).toEqual(['connected']);
    expect(exchanges.length).toBe(3);
    expect(closes.length).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('G8: a page that is left tells the server, and one that is closed listens no more', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
    const { settle, kinds, closes } = await connected();
    page.dispatchEvent(new Event('pagehide'));
    page.dispatchEvent(new Event('pagehide'));
    await settle();
    expect(kinds()).toEqual(['open', 'poll', 'close']);
    expect(closes).toEqual([{ code: 1000, reason: '' }]);
  });

  test('before there is a session there is nobody to tell', async () => {
    const { socket, settle, kinds, closes, last } = start();
    await settle();
    socket.send('connect');
    const open = last('open');
    socket.close();
    await settle();
    expect(open.init.signal?.aborted).toBe(true);
    expect([kinds(), closes.length]).toEqual([['open'], 1]);
  });

  test('a handler that closes gets nothing more', async () => {
    const { socket, settle, kinds, last } = await connected();
    socket.onmessage = () => socket.close();
    last('poll').answer(200, 'a\n{"seq":2}\n');
    await settle();
    expect(kinds()).toEqual(['open', 'poll', 'close']);
  });
});
