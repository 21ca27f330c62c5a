import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultPageSize, maxPageLength } from '../../engine/ports/map-store.js';
import { trustedJsonText } from '../../model/json-text.js';
import type { Publication } from '../../model/publication.js';
import { MapState } from './map-state.js';

function entry(key: string, offset: number, data = '1'): Publication {
  return { key, offset, data: trustedJsonText(data) };
}

const usual = { limit: defaultPageSize };

describe('state of a map', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ put: fc.nat({ max: 40 }), dueMs: fc.option(fc.nat({ max: 100 }), { nil: undefined }) }),
    },
    fc.record({ remove: fc.nat({ max: 40 }) }),
    fc.record({ renew: fc.nat({ max: 40 }), dueMs: fc.nat({ max: 100 }) }),
    fc.record({ due: fc.nat({ max: 100 }), after: fc.nat({ max: 60 }), keys: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ limit: fc.integer({ min: 1, max: 9 }), after: fc.nat({ max: 60 }), upTo: fc.nat({ max: 120 }) }),
  );

  test('after any changes, a page is what a plain list would give', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const state = new MapState();
        let model: Publication[] = [];
        const dueMs = new Map<string, number>();
        let offset = 0;
        for (const next of steps) {
          if ('put' in next) {
            const key = `k${next.put}`;
            const put = entry(key, ++offset);
            state.put(key, put, next.dueMs);
            dueMs.set(key, next.dueMs ?? Number.POSITIVE_INFINITY);
            model = [...model.filter((each) => each.key !== key), put];
          } else if ('renew' in next) {
            const key = `k${next.renew}`;
            const isThere = model.some((each) => each.key === key);
            expect(state.renew(key, next.dueMs)).toBe(isThere);
            if (isThere) dueMs.set(key, next.dueMs);
          } else if ('due' in next) {
            const times = model
              .filter((each) => each.offset > next.after)
              .map(({ key = '' }) => ({ key, at: dueMs.get(key) ?? 0 }));
            const isOver = times.filter(({ at }) => at <= next.due).map(({ key }) => key);
            const found = state.due(next.due, next.after, next.keys);
            expect(found.keys).toEqual(isOver.slice(0, next.keys));
            expect(found.next === 0).toBe(isOver.length <= next.keys);
            const later = times.filter(({ at }) => at > next.due).map(({ at }) => at);
            if (found.next === 0) expect(found.nextDueMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...later));
          } else if ('remove' in next) {
            state.delete(`k${next.remove}`);
            model = model.filter((each) => each.key !== `k${next.remove}`);
          } else {
            const rest = model.filter((each) => each.offset > next.after && each.offset <= next.upTo);
            const { entries, next: cursor } = state.slice(next);
            expect(entries).toEqual(rest.slice(0, next.limit));
            expect(cursor).toBe(rest.length > next.limit ? rest[next.limit - 1]?.offset : 0);
          }
        }
        expect(state.size).toBe(model.length);
        expect(state.length).toBe(model.reduce((sum, { key = '' }) => sum + key.length + 1, 0));
        for (const { key = '' } of model) expect(state.get(key)?.key).toBe(key);
        expect(state.slice({ after: 0, limit: 1_000 }).entries).toEqual(model);
      }),
    );
  });

  test('G11: a page has no more characters than it may, but at least one entry', () => {
    const state = new MapState();
    const large = `"${'x'.repeat(maxPageLength)}"`;
    for (let i = 1; i <= 3; i++) state.put(`k${i}`, entry(`k${i}`, i, large));
    const page = state.slice({ after: 0, ...usual });
    expect([page.entries.length, page.next]).toEqual([1, 1]);
    expect(state.slice({ after: 2, ...usual })).toMatchObject({ next: 0 });
  });
});
