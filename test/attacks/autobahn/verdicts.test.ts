/** Judging what the Autobahn testsuite has found. */

import { expect, test } from 'vitest';
import { type CaseReports, compareIds, judge } from './verdicts.js';

const ok = { behavior: 'OK', behaviorClose: 'OK' };
const reports: CaseReports = {
  '6.4.2': { behavior: 'NON-STRICT', behaviorClose: 'OK' },
  '6.4.10': ok,
  '6.4.1': { behavior: 'NON-STRICT', behaviorClose: 'OK' },
  '7.1.6': { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' },
};

test('strict, explained and informational cases pass, and are counted by group', () => {
  const { groups, explanations, faults } = judge(reports, [6, 7]);
  expect(faults).toEqual([]);
  expect(groups).toMatchObject([
    { group: 6, cases: 3, strict: 1, nonStrict: 2, informational: 0 },
    { group: 7, cases: 1, strict: 0, informational: 1 },
  ]);
  expect(explanations).toMatchObject([{ cases: ['6.4.1', '6.4.2'], outcome: 'NON-STRICT' }]);
});

test.each([
  ['a failed case', { '1.1.1': { behavior: 'FAILED', behaviorClose: 'OK' } }, '1.1.1: FAILED'],
  [
    'a case for which there was no time',
    { '1.1.1': { behavior: 'FAILED', behaviorClose: 'OK', result: 'Case did not finish within 60 seconds.' } },
    '1.1.1: FAILED (Case did not finish within 60 seconds.)',
  ],
  ['an unclean close', { '1.1.1': { behavior: 'OK', behaviorClose: 'UNCLEAN' } }, '1.1.1: its close is UNCLEAN'],
  ['a wrong code', { '1.1.1': { behavior: 'OK', behaviorClose: 'WRONG CODE' } }, '1.1.1: its close is WRONG CODE'],
  [
    'what nobody has explained',
    { '1.1.1': { behavior: 'NON-STRICT', behaviorClose: 'OK' } },
    '1.1.1: NON-STRICT without an explanation',
  ],
  ['a group without a case', {}, 'group 1: no case was run'],
])('%s is a fault', (_, found, fault) => expect(judge(found, [1]).faults).toEqual([fault]));

test('cases are in the order of their numbers', () => {
  expect(['2.10', '2.9', '12.1.1', '2', '2.9.1'].sort(compareIds)).toEqual(['2', '2.9', '2.9.1', '2.10', '12.1.1']);
});
