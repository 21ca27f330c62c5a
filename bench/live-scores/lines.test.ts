/** How much the example has to write itself: less than on Socket.IO, and nothing of what the package does. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { applications, countLines, linesOf } from './lines.mjs';

const example = fileURLToPath(new URL('../../examples/live-scores/', import.meta.url));

it('counts code and nothing else', () => {
  expect(countLines('/** A\n * comment. */\n\nconst a = 1; // here\n  // and here\n\nconst b = 2;\n')).toBe(2);
});

it('the example takes at most three fifths of the lines that it takes on Socket.IO', () => {
  expect(linesOf(applications.fanfare) / linesOf(applications.socketio)).toBeLessThanOrEqual(0.6);
});

it('has no code about reconnecting, catching up, duplicates or dropping', () => {
  const sources = readdirSync(example, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path),
  );
  expect(sources.length).toBeGreaterThan(30);
  const found = sources.flatMap((path) =>
    readFileSync(`${example}${path}`, 'utf8')
      .split('\n')
      .filter((line) =>
        /\breconnect\(|backoff|resubscribe|duplicate|dedupe|\brecovered\b|\bgap\b|wasRecovering|since:/i.test(line),
      )
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
});
