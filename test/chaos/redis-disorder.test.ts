/** F19: the meddler finds publications in what Redis sends, however it is cut, and leaves everything else alone. */

import { describe, expect, test } from 'vitest';
import type { Meddling } from './chaos-broker.js';
import { redisDisorder } from './redis-disorder.js';

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const message = (payload: string) => `*3\r\n${bulk('smessage')}${bulk('fanfare:{c}')}${bulk(payload)}`;

function through(parts: readonly string[], ...fates: ReturnType<Meddling['next']>[]): string {
  const rewrite = redisDisorder({ next: () => fates.shift() });
  return parts.map((part) => String(rewrite(Buffer.from(part)))).join('');
}

const [one, two, three] = ['p1:e:0:1', 'p2:e:0:2', 'p3:e:0:3'].map(message) as [string, string, string];
const others = `+OK\r\n:5\r\n$-1\r\n*-1\r\n%1\r\n+a\r\n:1\r\n*2\r\n*1\r\n+x\r\n$2\r\n\r\n\r\n${message('p0::0:1')}${message('j{}')}`;

describe('redisDisorder', () => {
  test('repeats, drops and swaps publications', () => {
    expect(through([one, two], 'repeat')).toBe(one + one + two);
    expect(through([one + two], 'drop')).toBe(two);
    expect(through([one + two + three], 'hold')).toBe(two + one + three);
    expect(through([one, two, three], undefined, 'hold')).toBe(one + three + two);
  });

  test('leaves everything else as it is, wherever it is cut', () => {
    const all = others + one + others;
    expect(through([...all], 'repeat')).toBe(others + one + one + others);
    expect(through([others], 'drop')).toBe(others);
  });
});
