/** What the suite has found, case by case: what counts as passed, and why not everything is as strict as it could be. */

/** As in the index of the suite's report. */
export interface CaseReport {
  readonly behavior: string;
  readonly behaviorClose: string;
  /** The file with all about it. */
  readonly reportfile?: string;
  /** Why it has failed, in words. */
  readonly result?: string;
}

export type CaseReports = Readonly<Record<string, CaseReport>>;

/** Of one group of cases. */
export interface GroupVerdict {
  readonly group: number;
  readonly about: string;
  readonly cases: number;
  /** As strictly as the suite wishes. */
  readonly strict: number;
  /** Allowed by the RFC, and explained. */
  readonly nonStrict: number;
  /** Nobody says what is right. */
  readonly informational: number;
  /** What the suite tests is not there, which is explained. */
  readonly declined: number;
}

/** Cases that end in another way than the strictest. */
export interface Explanation {
  readonly cases: readonly string[];
  readonly outcome: 'NON-STRICT' | 'UNIMPLEMENTED';
  readonly reason: string;
}

export interface Verdict {
  readonly groups: readonly GroupVerdict[];
  readonly explanations: readonly Explanation[];
  /** Cases that failed, or whose outcome nobody has explained. Empty: all is well. */
  readonly faults: readonly string[];
}

/** The suite has no group 8, and 11 is empty. */
export const groups: Readonly<Record<number, string>> = {
  1: 'framing',
  2: 'pings and pongs',
  3: 'reserved bits',
  4: 'opcodes',
  5: 'fragmentation',
  6: 'UTF-8',
  7: 'closing',
  9: 'limits: 64 KiB to 16 MiB, whole, in fragments, in pieces',
  10: 'fragmentation by the sender',
  12: 'compression of many messages',
  13: 'compression with parameters',
};

/** Only these may end so. */
const explained: readonly {
  readonly outcome: Explanation['outcome'];
  readonly cases: RegExp;
  readonly reason: string;
}[] = [
  {
    outcome: 'NON-STRICT',
    cases: /^6\.4\.[1-4]$/,
    reason:
      'Invalid UTF-8 in a fragment closes the connection with 1007 when the message is complete, not in the middle of it. A message is at most limits.maxFrameBytes long, and nothing of it is used before it was checked (RFC 6455 section 8.1 says that the connection fails, not when).',
  },
  {
    outcome: 'UNIMPLEMENTED',
    cases: /^13\.[35]\.\d+$/,
    reason:
      'The client offers compression only with a window of 256 bytes for the server. zlib writes for no window of less than 512, so the offer is declined (RFC 7692 section 7.1.2.1), and messages go as they are.',
  },
];

const passes = new Set(['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED']);
const closesWell = new Set(['OK', 'INFORMATIONAL']);

/** @param asked groups that the run was about: one without a case is a fault */
export function judge(reports: CaseReports, asked: readonly number[]): Verdict {
  const cases = Object.entries(reports).sort(([a], [b]) => compareIds(a, b));
  const faults = cases.flatMap(([id, { behavior, behaviorClose, result }]) => {
    if (!passes.has(behavior)) return [`${id}: ${behavior}${result === undefined ? '' : ` (${result})`}`];
    if (!closesWell.has(behaviorClose)) return [`${id}: its close is ${behaviorClose}`];
    const isStrict = behavior === 'OK' || behavior === 'INFORMATIONAL';
    return isStrict || reasonOf(id, behavior) !== undefined ? [] : [`${id}: ${behavior} without an explanation`];
  });
  const found = asked.map((group): GroupVerdict => {
    const own = cases.filter(([id]) => groupOf(id) === group).map(([, { behavior }]) => behavior);
    const count = (behavior: string) => own.filter((one) => one === behavior).length;
    if (own.length === 0) faults.push(`group ${group}: no case was run`);
    return {
      group,
      about: groups[group] ?? '',
      cases: own.length,
      strict: count('OK'),
      nonStrict: count('NON-STRICT'),
      informational: count('INFORMATIONAL'),
      declined: count('UNIMPLEMENTED'),
    };
  });
  const explanations = explained.flatMap(({ outcome, reason, cases: pattern }) => {
    const ids = cases.filter(([id, { behavior }]) => behavior === outcome && pattern.test(id)).map(([id]) => id);
    return ids.length === 0 ? [] : [{ cases: ids, outcome, reason }];
  });
  return { groups: found, explanations, faults };
}

function reasonOf(id: string, behavior: string): string | undefined {
  return explained.find(({ outcome, cases }) => outcome === behavior && cases.test(id))?.reason;
}

const groupOf = (id: string) => Number(id.split('.')[0]);

/** `2.9` before `2.10`. */
export function compareIds(a: string, b: string): number {
  const [left, right] = [a, b].map((id) => id.split('.').map(Number));
  for (const [n, part] of (left ?? []).entries()) {
    const difference = part - (right?.[n] ?? -1);
    if (difference !== 0) return difference;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}
