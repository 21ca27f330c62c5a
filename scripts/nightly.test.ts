/** All long forms are scripts of package.json, and none of those is forgotten. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chosen, longForms, withArguments } from './nightly.mjs';

// safe: our own file
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
/** Not for a night: for each change, for as long as somebody works, and this one itself. */
const others = ['test:quick', 'test:watch', 'test:nightly'];

describe('the nightly tests', () => {
  it('have every script of tests', () => {
    const named = longForms.map(([script]) => script);
    const tests = Object.keys(scripts).filter(
      (name) => /^(test|simulate|soak)(:|$)/.test(name) && !others.includes(name),
    );
    expect(named.toSorted()).toEqual(tests.toSorted());
  });

  it('are narrowed by parts of names', () => {
    expect(chosen('').length).toBe(longForms.length);
    expect(chosen('chaos,fuzz').map(([script]) => script)).toEqual(['test:chaos', 'test:fuzz', 'test:api-fuzz']);
    expect(chosen('simulate,soa').map(([script]) => script)).toEqual(['simulate', 'soak']);
    expect(chosen('nothing like it')).toEqual([]);
  });

  it('get other arguments one at a time', () => {
    expect(withArguments(chosen('chaos'), [])).toEqual(chosen('chaos'));
    expect(withArguments(chosen('simulate'), ['--seeds', '9'])).toEqual([['simulate', 25, '--seeds', '9']]);
    expect(() => withArguments(chosen('chaos,fuzz'), ['--seed', '1'])).toThrow('one script');
    expect(() => withArguments(chosen('nothing like it'), ['--seed', '1'])).toThrow('one script');
  });
});
