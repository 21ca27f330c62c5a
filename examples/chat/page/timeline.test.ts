import { describe, expect, it } from 'vitest';
import type { Received } from './messages.js';
import { Timeline } from './timeline.js';

const author = { client: 'c1', name: 'Ada' };
const message = (offset: number, id?: string): Received => ({
  text: `m${offset}`,
  author,
  offset,
  ...(id !== undefined && { id }),
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const shown = (timeline: Timeline) =>
  timeline.entries.map((entry) => (entry.kind === 'gap' ? 'gap' : entry.message.text));

function joined(...kept: Received[]): Timeline {
  const timeline = new Timeline();
  timeline.awaitHistory();
  timeline.mergeHistory(kept, 'e1');
  return timeline;
}

describe('Timeline', () => {
  it('puts history before what arrived while it was read, and nothing in twice', () => {
    const timeline = new Timeline();
    timeline.awaitHistory();
    for (const live of range(4, 6)) timeline.add(live);
    expect(shown(timeline)).toEqual([]);
    expect(timeline.mergeHistory(range(1, 5), 'e1')).toEqual({ hasGap: false });
    timeline.add(message(7));
    timeline.add(message(7));
    expect(shown(timeline)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  });

  it('starts in the middle of a long history without calling it a gap', () => {
    const timeline = joined(...range(71, 120));
    expect(shown(timeline)).toHaveLength(50);
    expect(timeline.numAdded).toBe(50);
  });

  it('fills in from history what was missed, when it goes on where the page is', () => {
    const timeline = joined(...range(1, 3));
    timeline.awaitHistory();
    expect(timeline.mergeHistory(range(2, 6), 'e1')).toEqual({ hasGap: false });
    expect(shown(timeline)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });

  it('marks a gap when history begins after what is shown', () => {
    const timeline = joined(...range(1, 3));
    timeline.awaitHistory();
    expect(timeline.mergeHistory(range(5, 6), 'e1')).toEqual({ hasGap: true });
    expect(shown(timeline)).toEqual(['m1', 'm2', 'm3', 'gap', 'm5', 'm6']);
  });

  it('marks a gap when the epoch is another one, and counts offsets anew', () => {
    const timeline = joined(...range(1, 3));
    timeline.awaitHistory();
    timeline.add(message(2));
    expect(timeline.mergeHistory([message(1)], 'e2')).toEqual({ hasGap: true });
    expect(shown(timeline)).toEqual(['m1', 'm2', 'm3', 'gap', 'm1', 'm2']);
    expect(new Set(timeline.entries.map(({ key }) => key)).size).toBe(6);
  });

  it('marks a gap when the history is gone altogether', () => {
    const timeline = joined(...range(1, 3));
    timeline.awaitHistory();
    expect(timeline.mergeHistory([], 'e2')).toEqual({ hasGap: true });
  });

  it('shows a message once that was sent twice, and knows it by its id', () => {
    const timeline = joined(message(1, 'x'));
    expect(timeline.add(message(2, 'x'))).toBe(false);
    expect(timeline.add(message(3, 'y'))).toBe(true);
    expect(shown(timeline)).toEqual(['m1', 'm3']);
    expect(timeline.has('x')).toBe(true);
    expect(timeline.has('z')).toBe(false);
  });

  it('shows what waited when history can not be read', () => {
    const timeline = new Timeline();
    timeline.awaitHistory();
    timeline.add(message(8));
    timeline.giveUpHistory();
    expect(shown(timeline)).toEqual(['m8']);
  });

  it('keeps the newest 500 lines', () => {
    const timeline = joined(...range(1, 600));
    expect(shown(timeline)).toHaveLength(500);
    expect(shown(timeline).at(-1)).toBe('m600');
    expect(timeline.numAdded).toBe(600);
  });
});
