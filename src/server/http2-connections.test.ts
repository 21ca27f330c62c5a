/** How long a connection of HTTP/2 may be silent or idle, and a request be on its way. */

import { EventEmitter } from 'node:events';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { Http2Connections } from './http2-connections.js';

class FakeConnection extends EventEmitter {
  destroyed = false;
  readonly calls: string[] = [];
  close(): void {
    this.calls.push('close');
  }
  destroy(): void {
    this.calls.push('destroy');
    this.destroyed = true;
    this.emit('close');
  }
}

class FakeStream extends EventEmitter {
  endAfterHeaders = true;
  readableEnded = false;
  aborted = false;
  destroyed = false;
  headersSent = false;
  readonly calls: unknown[] = [];
  respond(head: object): void {
    this.calls.push(head);
  }
  close(code: number): void {
    this.calls.push(code);
  }
}

function open() {
  const clock = new FakeClock();
  const ended: unknown[] = [];
  const connections = new Http2Connections(
    clock,
    { silentMs: 9_000, idleMs: 60_000, requestTimeoutMs: 9_500 },
    (_, reason, numRequests) => ended.push([reason, numRequests]),
  );
  const connection = new FakeConnection();
  // safe: these events and methods are all that is used
  connections.add(connection as unknown as ServerHttp2Session);
  const stream = (more: Partial<FakeStream> = {}): FakeStream => {
    const added = Object.assign(new FakeStream(), more);
    connection.emit('stream', added as unknown as ServerHttp2Stream);
    return added;
  };
  return { clock, connections, connection, stream, ended };
}

describe('a connection', () => {
  test('B1: without a request is closed after its time, and cut when it does not go', async () => {
    const { clock, connections, connection } = open();
    await clock.advance(8_999);
    expect(connection.calls).toEqual([]);
    await clock.advance(1);
    expect(connection.calls).toEqual(['close']);
    await clock.advance(4_500);
    expect(connection.calls).toEqual(['close', 'destroy']);
    expect(connections.size).toBe(0);
  });

  test('stays as long as one of its requests does, and then some', async () => {
    const { clock, connection, stream } = open();
    const [first, second] = [stream(), stream()];
    await clock.advance(3_600_000);
    first.emit('close');
    await clock.advance(3_600_000);
    expect(connection.calls).toEqual([]);
    second.emit('close');
    await clock.advance(59_999);
    expect(connection.calls).toEqual([]);
    stream();
    await clock.advance(3_600_000);
    expect(connection.calls).toEqual([]);
  });

  test('that has ended leaves no timer behind', () => {
    const { clock, connections, connection } = open();
    connection.destroy();
    expect([connections.size, clock.numTimers]).toEqual([0, 0]);
  });
});

describe('floods', () => {
  const emptyFrames = ['ping', 'remoteSettings'];
  test.each(emptyFrames)('of frames that bring nothing (%s) end the connection, with one report', (frame) => {
    const { connection, ended } = open();
    for (let n = 0; n < 900; n++) connection.emit(frame);
    expect([connection.calls, ended]).toEqual([[], []]);
    for (let n = 0; n < 100; n++) connection.emit(frame);
    expect([connection.calls, ended]).toEqual([['destroy'], [['flood', 0]]]);
  });

  test('of requests that are taken back are reported with their number; those that are answered are none', () => {
    const { connection, stream, ended } = open();
    for (let n = 0; n < 5_000; n++) stream().emit('close');
    expect(ended).toEqual([]);
    for (let n = 0; n < 901; n++) stream({ aborted: true }).emit('close');
    expect([connection.calls, ended]).toEqual([['destroy'], [['flood', 5_901]]]);
  });

  test('are counted in ten seconds: a connection that pings for hours stays', async () => {
    const { clock, connection, stream, ended } = open();
    stream();
    for (let period = 0; period < 10; period++) {
      for (let n = 0; n < 800; n++) connection.emit('ping');
      await clock.advance(10_000);
    }
    expect([connection.calls, ended]).toEqual([[], []]);
  });

  test('that Node has found are reported with its code', () => {
    const { connection, ended } = open();
    connection.emit('error', Object.assign(new Error('flooded'), { code: 'ERR_HTTP2_ERROR' }));
    expect(ended).toEqual([['ERR_HTTP2_ERROR', 0]]);
  });
});

describe('a request', () => {
  test('B2: whose body takes too long is answered with 408', async () => {
    const { clock, stream } = open();
    const slow = stream({ endAfterHeaders: false });
    await clock.advance(9_500);
    expect(slow.calls).toEqual([{ ':status': 408 }]);
  });

  test('B2: that is being answered already is ended', async () => {
    const { clock, stream } = open();
    const slow = stream({ endAfterHeaders: false, headersSent: true });
    await clock.advance(9_500);
    expect(slow.calls).toEqual([8]);
  });

  test('that is there as a whole may take as long to answer as it likes', async () => {
    const { clock, stream } = open();
    const [plain, read] = [stream(), stream({ endAfterHeaders: false })];
    read.readableEnded = true;
    await clock.advance(3_600_000);
    expect([plain.calls, read.calls]).toEqual([[], []]);
  });
});
