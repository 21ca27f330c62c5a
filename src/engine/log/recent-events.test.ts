import { describe, expect, it } from 'vitest';
import { RecentEvents } from './recent-events.js';

const all = () => true;

function events() {
  let nowMs = 1_000;
  const recent = new RecentEvents({ wallMs: () => nowMs++ });
  const refuse = (check: string, client: string, key = 'rule') =>
    recent.refused(
      { check, key, fields: { option: 'channels' }, message: `${check} says no` },
      { client, user: 'ann' },
    );
  return { recent, refuse };
}

describe('RecentEvents', () => {
  it('tells the newest first, and what came after a number', () => {
    const { recent, refuse } = events();
    refuse('permission', 'a');
    recent.ended(
      { client: 'a', user: 'ann', transport: 'websocket', connectedMs: 1_500.4 },
      { code: 3000, reason: 'gone' },
    );
    const { events: told, isCut } = recent.after(0, 10, all);
    expect(told.map(({ seq, kind, check, atMs }) => [seq, kind, check, atMs])).toEqual([
      [2, 'end', 'end', 1_001],
      [1, 'refusal', 'permission', 1_000],
    ]);
    expect(told[0]?.fields).toEqual({
      client: 'a',
      user: 'ann',
      transport: 'websocket',
      connectedMs: 1_500,
      code: 3000,
      reason: 'gone',
    });
    expect(told[1]?.fields).toEqual({ client: 'a', user: 'ann', option: 'channels' });
    expect(isCut).toBe(false);
    expect(recent.after(1, 10, all).events).toHaveLength(1);
    expect(recent.after(recent.lastSeq, 10, all).events).toEqual([]);
  });

  it('counts what is alike as one event, which becomes the newest', () => {
    const { recent, refuse } = events();
    refuse('permission', 'a');
    refuse('permission', 'b');
    refuse('permission', 'a');
    expect(recent.after(0, 10, all).events.map(({ seq, count, fields }) => [seq, count, fields.client])).toEqual([
      [3, 2, 'a'],
      [2, 1, 'b'],
    ]);
  });

  it('keeps 200 of a check, so that a flood of one leaves the others', () => {
    const { recent, refuse } = events();
    refuse('origin', 'first');
    for (let n = 0; n < 5_000; n++) refuse('limit', `client-${n}`);
    const { events: told } = recent.after(0, 1_000, all);
    expect(told).toHaveLength(201);
    expect(told.at(-1)?.check).toBe('origin');
    expect(told.at(-2)?.fields.client).toBe('client-4800');
    expect(recent.after(0, 100, all)).toMatchObject({ isCut: true });
  });

  it('asks for an expensive text once, when somebody reads it', () => {
    const { recent } = events();
    let asked = 0;
    const message = () => `explained ${++asked}`;
    recent.refused({ check: 'token', fields: {}, message }, undefined);
    expect(asked).toBe(0);
    for (let n = 0; n < 2; n++) expect(recent.after(0, 1, all).events[0]?.message).toBe('explained 1');
  });

  it('tells plain values only, and of an error what it says', () => {
    const { recent } = events();
    const fields = { err: new Error('away'), deep: { secret: 1 }, list: [1], limit: 5, long: 'x'.repeat(2_000) };
    recent.refused({ check: 'broker', fields, message: 'failed' }, undefined);
    expect(recent.after(0, 1, all).events[0]?.fields).toEqual({ err: 'away', limit: 5, long: 'x'.repeat(500) });
  });
});
