import { beforeEach, expect, it, vi } from 'vitest';
import { FakeClock } from '../../test/support/engine/fake-clock.js';
import { Ladder } from './ladder.js';
import { TransportMemory, type TransportStore } from './transport-memory.js';
import type { TransportName } from './transport-name.js';

const steadyAfterMs = 10_000;

let clock: FakeClock;
let store: TransportStore & Map<string, string>;
let ladder: Ladder;

beforeEach(() => {
  clock = new FakeClock();
  const kept = new Map<string, string>();
  store = Object.assign(kept, {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  ladder = newLadder();
});

function newLadder(...transports: TransportName[]): Ladder {
  const [first = 'websocket', ...others] = transports;
  const rest: TransportName[] = transports.length > 0 ? others : ['http_stream', 'long_polling'];
  const memory = new TransportMemory(store, 'https://example.com', { clock });
  return new Ladder({ transports: [first, ...rest], memory, clock, steadyAfterMs });
}

async function live(ms: number, ending: 'broken' | 'silent' | 'told' = 'broken'): Promise<void> {
  ladder.connected(() => {});
  await clock.advance(ms);
  ladder.ended(ending);
}

it('begins at the top, and goes down a step with each failure, from the last one to the top again', () => {
  const seen = Array.from({ length: 5 }, () => {
    const { transport } = ladder;
    ladder.failed();
    return transport;
  });
  expect(seen).toEqual(['websocket', 'http_stream', 'long_polling', 'websocket', 'http_stream']);
});

it('stays with the only one', () => {
  const only = newLadder('sse');
  only.failed();
  expect(only.transport).toBe('sse');
  expect(only.isAtTop).toBe(true);
});

it('gives one that has worked a second attempt, in each case', async () => {
  await live(steadyAfterMs);
  expect(ladder.hasTopBeenSteady).toBe(true);
  ladder.failed();
  expect(ladder.transport).toBe('websocket');
  await live(steadyAfterMs);
  ladder.failed();
  expect(ladder.transport).toBe('websocket');
  ladder.failed();
  expect(ladder.transport).toBe('http_stream');
  ladder.failed();
  expect(ladder.transport).toBe('long_polling');
});

it('leaves one whose connections break soon, twice in a row', async () => {
  await live(3_000);
  expect(ladder.transport).toBe('websocket');
  await live(3_000);
  expect(ladder.transport).toBe('http_stream');
});

it('forgets a broken connection when the next one lives', async () => {
  await live(3_000);
  await live(steadyAfterMs);
  await live(3_000);
  expect(ladder.transport).toBe('websocket');
  await live(3_000);
  expect(ladder.transport).toBe('http_stream');
});

it('takes silence for broken even late, but not after a long life', async () => {
  await live(35_000, 'silent');
  expect(ladder.transport).toBe('websocket');
  // It was steady in between, so it takes two more.
  await live(3_000);
  expect(ladder.transport).toBe('http_stream');
  ladder.goToTop();
  await live(90_000, 'silent');
  await live(90_000, 'silent');
  expect(ladder.transport).toBe('websocket');
});

it('does not blame a transport for what the server or this side ends, nor for what was not connected', async () => {
  for (let n = 0; n < 5; n++) await live(100, 'told');
  for (let n = 0; n < 5; n++) ladder.ended('broken');
  expect(ladder.transport).toBe('websocket');
});

it('tells when a connection by the best has become steady, and not of one that has ended before', async () => {
  const onSteady = vi.fn();
  ladder.connected(onSteady);
  await clock.advance(steadyAfterMs - 1);
  expect(onSteady).not.toHaveBeenCalled();
  await clock.advance(1);
  expect(onSteady).toHaveBeenCalledOnce();
  ladder.ended('told');
  ladder.connected(onSteady);
  ladder.ended('told');
  expect(clock.numTimers).toBe(0);
  ladder.failed();
  ladder.failed();
  ladder.connected(onSteady);
  await clock.advance(steadyAfterMs);
  expect(onSteady).toHaveBeenCalledOnce();
});

it('holds nothing against the best while the connection by another one is being left for it', async () => {
  ladder.failed();
  ladder.connected(() => {});
  ladder.goToTop();
  await clock.advance(1_000);
  ladder.ended('broken');
  await live(1_000);
  expect(ladder.transport).toBe('websocket');
});

it('remembers what worked below the top, begins there, and forgets it when the top works', async () => {
  ladder.failed();
  ladder.connected(() => {});
  const next = newLadder();
  expect(next.transport).toBe('http_stream');
  expect(next.isAtTop).toBe(false);
  // From there it goes the same way around.
  next.failed();
  expect(next.transport).toBe('long_polling');
  next.failed();
  expect(next.transport).toBe('websocket');

  ladder.goToTop();
  await live(steadyAfterMs - 1);
  expect(newLadder().transport).toBe('http_stream');
  await live(steadyAfterMs);
  expect(newLadder().transport).toBe('websocket');
});

it('begins at the top when what it remembers is none of its transports', () => {
  ladder.failed();
  ladder.connected(() => {});
  expect(newLadder('websocket', 'sse').transport).toBe('websocket');
});
