/** How much the examples have to write themselves: less than on Socket.IO, and nothing of what the package does. */

import { describe, expect, it } from 'vitest';
import { arenaFiles } from '../arena/lines.mjs';
import { liveScoresFiles } from '../live-scores/lines.mjs';
import { codeLines, linesAboutDelivery, linesOf, sourcesIn } from './own-code.mjs';

/** Words that mean something else there: by file, what its lines may say, and what they say it about. */
const otherMeanings: Readonly<Record<string, readonly [words: RegExp, about: string]>> = {
  'examples/live-scores/feed/feed.ts': [/sequence/, 'recorded days, one after the other'],
  'examples/live-scores/feed/pace.ts': [/caughtUp/, 'the simulated day: what had happened when the feed began'],
  'examples/live-scores/match-day/lines.ts': [/caughtUp/, 'the same'],
  'examples/live-scores/match-day/recording.ts': [/caughtUp/, 'the same, of a part that is recorded'],
  'examples/live-scores/page/shell.tsx': [/isReconnecting|'Reconnecting'/, 'what the page shows of its connection'],
  'examples/arena/page/banner-view.ts': [/isReconnecting/, 'what the page shows of its connection'],
  'examples/arena/page/playback.ts': [/\bgap\b/, 'ticks between two pictures, for drawing and for the overlay'],
};

describe.each([
  { example: 'live-scores', files: liveScoresFiles },
  { example: 'arena', files: arenaFiles },
])('the example $example', ({ example, files }) => {
  it('takes at most three fifths of the lines that it takes on Socket.IO', () => {
    expect(linesOf(files.fanfare) / linesOf(files.socketio)).toBeLessThanOrEqual(0.6);
  });

  it('has no code about reconnecting, catching up, duplicates or dropping, where its twin has some', () => {
    const sources = sourcesIn(`examples/${example}`);
    expect(sources.length).toBeGreaterThan(30);
    const own = linesAboutDelivery(sources).filter((line) => {
      const [file = ''] = line.split(':');
      return otherMeanings[file]?.[0].test(line) !== true;
    });
    expect(own).toEqual([]);
    expect(linesAboutDelivery(files.socketio).length).toBeGreaterThan(10);
  });
});

it('counts code and nothing else', () => {
  const source = '/** A\n * comment. */\n\nconst a = 1; // here\n  // and here\n\nconst b = 2;\n';
  expect(codeLines(source)).toHaveLength(2);
});
