import { expect, it } from 'vitest';
import { Roster } from './roster.js';

const member = (client: string, name = client) => ({ client, name });
const names = (roster: Roster, self?: string) => roster.list(self).map(({ name }) => name);

it('corrects presence by the joins and leaves that came while it was read', () => {
  const roster = new Roster();
  roster.beginSync();
  roster.join(member('new'));
  roster.leave(member('gone'));
  roster.endSync([member('gone'), member('there')]);
  expect(names(roster)).toEqual(['new', 'there']);
});

it('forgets after a reconnect who has left meanwhile', () => {
  const roster = new Roster();
  roster.endSync([member('a'), member('b')]);
  roster.beginSync();
  roster.endSync([member('b'), member('c')]);
  expect(names(roster)).toEqual(['b', 'c']);
  expect(roster.size).toBe(2);
});

it('lists oneself first, then by name, whatever the case', () => {
  const roster = new Roster();
  roster.endSync([member('1', 'zoe'), member('2', 'Bo'), member('3', 'ada'), member('4', 'Bo')]);
  expect(names(roster, '1')).toEqual(['zoe', 'ada', 'Bo', 'Bo']);
  expect(names(roster)).toEqual(['ada', 'Bo', 'Bo', 'zoe']);
});
