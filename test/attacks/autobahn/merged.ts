/** A run of some groups, put beside what was written of the others: the suite takes long, and its groups are independent. */

import type { Explanation, GroupVerdict, Verdict } from './verdicts.js';

/** Of one group, when it was run last. */
interface GroupRun extends GroupVerdict {
  /** `2026-11-30`. */
  readonly date: string;
  /** Of Fanfare, Node, and the other side, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface AutobahnOutcome {
  readonly groups: readonly GroupRun[];
  readonly explanations: readonly Explanation[];
}

/** @param before what is written; its groups stay unless they were run again */
export function merged(
  before: AutobahnOutcome | undefined,
  verdict: Pick<Verdict, 'groups' | 'explanations'>,
  run: Pick<GroupRun, 'date' | 'versions'>,
): AutobahnOutcome {
  const again = new Set(verdict.groups.map(({ group }) => group));
  const kept = before?.groups.filter(({ group }) => !again.has(group)) ?? [];
  const groups = [...kept, ...verdict.groups.map((group) => ({ ...group, ...run }))];
  const explanations = [...(before?.explanations ?? []), ...verdict.explanations].flatMap((one, n) => {
    const isKept = n < (before?.explanations.length ?? 0);
    const cases = one.cases.filter((id) => !isKept || !again.has(Number(id.split('.')[0])));
    return cases.length === 0 ? [] : [{ ...one, cases }];
  });
  return { groups: groups.toSorted((a, b) => a.group - b.group), explanations };
}
