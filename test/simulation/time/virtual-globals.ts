/** The globals that the client and the official SDK use, on virtual time: timers, clocks, randomness and `fetch`. */

import type { SeededRandom } from '../../chaos/seeded-random.js';
import { wallStartMs } from './sim-process.js';
import type { VirtualTime } from './virtual-time.js';

/** As Node's, as far as it is used. */
class VirtualTimer {
  constructor(readonly cancel: () => void) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

const names = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'fetch'] as const;

/** @returns puts the real ones back */
export function installGlobals(time: VirtualTime, random: SeededRandom, fetched: typeof fetch): () => void {
  const real = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  const { now } = Date;
  const { random: realRandom } = Math;
  const set = (name: string, value: unknown) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const clear = (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel();
  };
  set('setTimeout', (task: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => {
    return new VirtualTimer(time.schedule(() => task(...args), Math.max(1, Number(delayMs) || 1)));
  });
  set('setInterval', (task: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => {
    const everyMs = Math.max(1, Number(delayMs) || 1);
    let cancel = (): void => undefined;
    const again = () => {
      cancel = time.schedule(() => {
        again();
        task(...args);
      }, everyMs);
    };
    again();
    return new VirtualTimer(() => cancel());
  });
  set('clearTimeout', clear);
  set('clearInterval', clear);
  set('fetch', fetched);
  Date.now = () => Math.floor(wallStartMs + time.nowMs);
  Math.random = () => random.unit();
  Object.defineProperty(performance, 'now', { value: () => time.nowMs, configurable: true, writable: true });
  return () => {
    for (const [name, descriptor] of real) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
    Date.now = now;
    Math.random = realRandom;
    // That of its prototype is there again.
    Reflect.deleteProperty(performance, 'now');
  };
}
