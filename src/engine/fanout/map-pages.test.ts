import { describe, expect, test } from 'vitest';
import { channelName } from '../../../test/support/engine/channel-name.js';
import { FakeClock } from '../../../test/support/engine/fake-clock.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Publication } from '../../model/publication.js';
import { StatePage } from '../../model/state-page.js';
import type { MapQuery, MapStore } from '../ports/map-store.js';
import { MapPages } from './map-pages.js';

const name = channelName('map');

/** Entries 1 to 10, of which each page says how often it was read. */
function world() {
  const clock = new FakeClock();
  const reads: MapQuery[] = [];
  const state = { top: 10, fails: false };
  const store: Pick<MapStore, 'page'> = {
    page: async (_, query) => {
      reads.push(query);
      if (state.fails) throw new FanfareError('ERR_BROKER', 'away');
      const offsets = Array.from({ length: state.top }, (_, i) => i + 1);
      const wanted = offsets.filter((offset) => offset > query.after && offset <= (query.upTo ?? offset));
      const entries = wanted
        .slice(0, query.limit)
        .map((offset): Publication => ({ key: `k${offset}`, offset, data: trustedJsonText('1') }));
      const next = wanted.length > query.limit ? (entries.at(-1)?.offset ?? 0) : 0;
      return { state: new StatePage(entries), top: { offset: state.top, epoch: 'e' }, next };
    },
  };
  // safe: nothing else is asked for
  const pages = new MapPages(store as MapStore, clock);
  return { clock, reads, state, pages };
}

const offsets = ({ state }: { readonly state: StatePage }) => state.entries.map(({ offset }) => offset);

describe('pages of maps', () => {
  test('who comes at the same time, or within a second, gets the same page', async () => {
    const { pages, reads, clock } = world();
    const query = { after: 0, limit: 5 };
    const [first, second] = await Promise.all([pages.read(name, query), pages.read(name, query)]);
    expect(second).toBe(first);
    await clock.advance(999);
    expect(await pages.read(name, query)).toBe(first);
    await clock.advance(1);
    expect(await pages.read(name, query)).not.toBe(first);
    expect(reads.length).toBe(2);
  });

  test('a page that is older than its reader’s first one is read again', async () => {
    const { pages, state, reads } = world();
    const query = { after: 5, limit: 5 };
    await pages.read(name, query);
    state.top = 12;
    const page = await pages.read(name, { ...query, upTo: 12 });
    expect([offsets(page), page.top.offset]).toEqual([[6, 7, 8, 9, 10], 12]);
    expect(reads.length).toBe(2);
  });

  test('a newer page is cut where its reader began, once for all who began there', async () => {
    const { pages, reads } = world();
    const query = { after: 5, limit: 5 };
    await pages.read(name, query);
    const page = await pages.read(name, { ...query, upTo: 7 });
    expect([offsets(page), page.next]).toEqual([[6, 7], 0]);
    expect(await pages.read(name, { ...query, upTo: 7 })).toBe(page);
    expect(reads.length).toBe(1);
  });

  test('a failure is for those who wait, and not for the next', async () => {
    const { pages, state } = world();
    const query = { after: 0, limit: 5 };
    state.fails = true;
    await expect(pages.read(name, query)).rejects.toMatchObject({ code: 'ERR_BROKER' });
    state.fails = false;
    expect(offsets(await pages.read(name, query))).toEqual([1, 2, 3, 4, 5]);
  });

  test('pages that somebody could not go on from are not for the next', async () => {
    const { pages, reads } = world();
    const query = { after: 0, limit: 5 };
    await pages.read(name, query);
    pages.forget(channelName('ma'));
    await pages.read(name, query);
    expect(reads.length).toBe(1);
    pages.forget(name);
    await pages.read(name, query);
    expect(reads.length).toBe(2);
  });

  test('many pages are read in many turns, a few in each, and in the order in which they were asked for', async () => {
    const { pages, reads, clock } = world();
    const all = Array.from({ length: 10 }, (_, i) => pages.read(name, { after: i, limit: 1 }));
    const numbers: number[] = [reads.length];
    for (let turn = 0; turn < 2; turn++) {
      clock.endTurn();
      await Promise.resolve();
      await Promise.resolve();
      numbers.push(reads.length);
    }
    expect(numbers).toEqual([4, 8, 10]);
    expect((await Promise.all(all)).map(offsets)).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1]));
    expect(reads.map(({ after }) => after)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('G11: nothing is left when nobody reads any more', async () => {
    const { pages, clock } = world();
    const all = Array.from({ length: 20 }, (_, i) => pages.read(name, { after: 0, limit: i + 1 }));
    await clock.advance(2_000);
    await Promise.all(all);
    expect(clock.numTimers).toBe(0);
    pages.close();
  });
});
