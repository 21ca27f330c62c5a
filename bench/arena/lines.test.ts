/** What an application over Fanfare does not have to say, and how much shorter it is. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FILES, linesOf } from './lines.mjs';

it('needs at most 60 % of the lines that the twin needs', () => {
  expect(linesOf('fanfare') / linesOf('socketio')).toBeLessThan(0.6);
});

it('says nothing about connecting again, catching up, messages that come twice, or messages to leave out', () => {
  const words = /reconnect|resubscri|resume|catch.?up|dedup|duplicat|resync|missing|volatile|drop|retry|sequence/i;
  const said = FILES.fanfare.flatMap((file) =>
    readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => words.test(line)),
  );
  expect(said).toEqual([]);
});
