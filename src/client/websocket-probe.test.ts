import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { probeWebSocket } from './websocket-probe.js';

/** A `WebSocket` whose other end is the test. */
class ScriptedSocket {
  static last: ScriptedSocket;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  protocol = '';
  readonly sent: string[] = [];
  numCloses = 0;
  readonly asked: readonly unknown[];

  constructor(...asked: readonly unknown[]) {
    this.asked = asked;
    ScriptedSocket.last = this;
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.numCloses++;
  }

  open(protocol = 'fanfare.probe'): void {
    this.protocol = protocol;
    this.onopen?.();
  }

  echo(data: unknown = this.sent.at(-1)): void {
    this.onmessage?.({ data });
  }
}

let clock: FakeClock;
let results: boolean[];
let cancel: () => void;
let socket: ScriptedSocket;

beforeEach(() => {
  clock = new FakeClock();
  results = [];
  cancel = probe(ScriptedSocket);
  socket = ScriptedSocket.last;
});

function probe(websocket: new (url: string, protocols?: string | string[]) => unknown): () => void {
  const options = { url: 'wss://example.com/ws', websocket, clock, timeoutMs: 5_000, holdMs: 10_000 };
  return probeWebSocket(options, (passes) => results.push(passes));
}

/** Whatever the result, nothing is left of it. */
function expectResult(passes: boolean): void {
  expect(results).toEqual([passes]);
  expect(socket.numCloses).toBe(1);
  expect(clock.numTimers).toBe(0);
  // Late events of the socket change nothing; an error without a listener would be thrown by some.
  socket.onclose?.();
  socket.onerror?.();
  expect(results).toEqual([passes]);
}

it('passes when a message comes back, and another one after the time that a connection has to live', async () => {
  expect(socket.asked).toEqual(['wss://example.com/ws', 'fanfare.probe']);
  socket.open();
  expect(socket.sent).toHaveLength(1);
  socket.echo();
  await clock.advance(9_999);
  expect(socket.sent).toHaveLength(1);
  await clock.advance(1);
  expect(socket.sent).toHaveLength(2);
  expect(new Set(socket.sent).size).toBe(2);
  expect(results).toEqual([]);
  socket.echo();
  expectResult(true);
});

it.each<[string, () => unknown]>([
  ['is refused', () => socket.onerror?.()],
  ['does not open in time', () => clock.advance(5_000)],
  ['is not known to the server: the client must not be a session unawares', () => socket.open('')],
])('fails when it %s', async (_, meet) => {
  await meet();
  expect(socket.sent).toEqual([]);
  expectResult(false);
});

it('fails when it is accepted and then silent', async () => {
  await clock.advance(4_000);
  socket.open();
  await clock.advance(1_000);
  expectResult(false);
});

it('fails when it is cut after a while', async () => {
  socket.open();
  socket.echo();
  await clock.advance(3_000);
  socket.onclose?.();
  expectResult(false);
});

it('fails when it is silent after a while', async () => {
  socket.open();
  socket.echo();
  await clock.advance(14_999);
  expect(results).toEqual([]);
  await clock.advance(1);
  expectResult(false);
});

it('fails when something else comes back', () => {
  socket.open();
  socket.echo('{}');
  expectResult(false);
});

it('fails, later, where no WebSocket may be made', async () => {
  cancel();
  probe(
    class {
      constructor() {
        throw new Error('not from a page with https');
      }
    },
  );
  expect(results).toEqual([]);
  await clock.advance(0);
  expect(results).toEqual([false]);
});

it('says nothing when it is cancelled', async () => {
  socket.open();
  socket.echo();
  cancel();
  expect(socket.numCloses).toBe(1);
  await clock.advance(60_000);
  expect(results).toEqual([]);
});
