/**
 * Judges changes of keys that expect versions, made at several nodes at the same time: whether they can have happened one
 * after the other, each between its call and its answer, and whether what the stream shows of them is that order.
 */

export interface MapPosition {
  readonly epoch: string;
  readonly offset: number;
}

/** A change that somebody has seen in the stream. */
export interface SeenChange extends MapPosition {
  readonly key: string;
  /** Absent: the key was removed. */
  readonly value?: string;
}

/** One wish to change a key, however often it was sent. */
export interface MapCall {
  readonly key: string;
  /** No other call has it. Absent: the key is to be removed. */
  readonly value?: string;
  /** The version that the key has to have. */
  readonly expected: MapPosition;
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly outcome:
    | { readonly kind: 'made'; readonly at: MapPosition }
    /** The version that the key had at the top of the stream. */
    | { readonly kind: 'refused'; readonly version: number; readonly at: MapPosition }
    /** Perhaps it was made, perhaps even later. */
    | { readonly kind: 'unknown' };
}

interface Change extends SeenChange {
  readonly call?: MapCall;
}

/** @returns what cannot have been, in words; empty if there is an order */
export function mapFaults(calls: readonly MapCall[], seen: readonly SeenChange[]): string[] {
  const faults: string[] = [];
  const changes = [...changesOf(calls, seen, faults).values()].sort((a, b) => a.offset - b.offset);
  for (const ofEpoch of grouped(changes, ({ epoch }) => epoch)) {
    for (const ofKey of grouped(ofEpoch, ({ key }) => key)) judgeExpectations(ofKey, ofEpoch, faults);
    judgeTimes(ofEpoch, faults);
    judgeRefusals(calls, ofEpoch, faults);
    judgeValues(ofEpoch, faults);
  }
  return faults;
}

function grouped(changes: readonly Change[], nameOf: (change: Change) => string): Change[][] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const group = groups.get(nameOf(change)) ?? [];
    group.push(change);
    groups.set(nameOf(change), group);
  }
  return [...groups.values()];
}

/** By position: what was acknowledged, and what was seen of calls without an answer. */
function changesOf(calls: readonly MapCall[], seen: readonly SeenChange[], faults: string[]): Map<string, Change> {
  const changes = new Map<string, Change>();
  const byValue = new Map(calls.flatMap((call) => (call.value === undefined ? [] : [[call.value, call]])));
  const add = (change: Change) => {
    const place = nameOf(change);
    const known = changes.get(place);
    if (known !== undefined && (known.key !== change.key || known.value !== change.value)) {
      faults.push(`two changes at ${place}: ${textOf(known)} and ${textOf(change)}`);
    }
    if (known?.call === undefined) changes.set(place, change);
  };
  for (const call of calls) {
    const { key, value, outcome } = call;
    if (outcome.kind === 'made') add({ ...outcome.at, key, ...(value !== undefined && { value }), call });
  }
  for (const change of seen) {
    const call = change.value === undefined ? undefined : byValue.get(change.value);
    if (change.value !== undefined && call === undefined) faults.push(`nobody has sent ${textOf(change)}`);
    if (call?.outcome.kind === 'refused') faults.push(`refused, and made at ${nameOf(change)}: ${textOf(change)}`);
    add(call === undefined ? change : { ...change, call });
  }
  return changes;
}

/** Each was made on the version that it expected, which is that of the change before. */
function judgeExpectations(ofKey: readonly Change[], ofEpoch: readonly Change[], faults: string[]): void {
  let before: Change | undefined;
  for (const change of ofKey) {
    const { call } = change;
    if (
      call !== undefined &&
      before !== undefined &&
      !canBe(call.expected.offset, before, change.offset - 1, ofEpoch)
    ) {
      faults.push(`${textOf(change)} at ${nameOf(change)} expected ${call.expected.offset} after ${nameOf(before)}`);
    }
    before = change;
  }
}

/** Whether the key can have that version at that offset, after the last change of it that is known. */
function canBe(version: number, last: Change, at: number, ofEpoch: readonly Change[]): boolean {
  if (version === versionAfter(last)) return true;
  const numKnown = numUpTo(ofEpoch, at, offsetOf) - numUpTo(ofEpoch, last.offset, offsetOf);
  // Changes of calls without an answer may not have been seen, before an epoch could be read.
  return numKnown < at - last.offset && (version === 0 || version > last.offset);
}

/** What was answered before another was called comes before it. */
function judgeTimes(ofEpoch: readonly Change[], faults: string[]): void {
  let latestCall = Number.NEGATIVE_INFINITY;
  for (const change of ofEpoch) {
    const { call } = change;
    if (call === undefined) continue;
    const isAnswered = call.outcome.kind === 'made';
    if (isAnswered && call.answeredAt < latestCall) faults.push(`${textOf(change)} comes after what was called later`);
    latestCall = Math.max(latestCall, call.calledAt);
  }
}

/** The version that was told is the key's at the position that was told with it, and that position is of its time. */
function judgeRefusals(calls: readonly MapCall[], ofEpoch: readonly Change[], faults: string[]): void {
  const epoch = ofEpoch[0]?.epoch;
  const byKey = new Map(grouped(ofEpoch, ({ key }) => key).map((ofKey) => [ofKey[0]?.key, ofKey]));
  const made = ofEpoch.flatMap(({ call, offset }) => (call?.outcome.kind === 'made' ? [{ ...call, offset }] : []));
  const byAnswer = [...made].sort((a, b) => a.answeredAt - b.answeredAt);
  const byCall = [...made].sort((a, b) => b.calledAt - a.calledAt);
  // The highest offset of those answered by then, and the lowest of those called from then on.
  const highest = running(byAnswer.map(offsetOf), Math.max);
  const lowest = running(byCall.map(offsetOf), Math.min);
  for (const { key, outcome, expected, calledAt, answeredAt } of calls) {
    if (outcome.kind !== 'refused' || outcome.at.epoch !== epoch) continue;
    const { version, at } = outcome;
    const isExpected = version === expected.offset && (version === 0 || expected.epoch === epoch);
    if (isExpected)
      faults.push(`refused at ${nameOf(at)} though "${key}" had the version ${version} that was expected`);
    const ofKey = byKey.get(key) ?? [];
    const last = ofKey[numUpTo(ofKey, at.offset, offsetOf) - 1];
    if (last !== undefined && !canBe(version, last, at.offset, ofEpoch)) {
      faults.push(`refused at ${nameOf(at)} by the version ${version} of "${key}" after ${nameOf(last)}`);
    }
    const past = highest[numUpTo(byAnswer, calledAt, (call) => call.answeredAt) - 1];
    if (past !== undefined && past > at.offset) faults.push(`refused at ${nameOf(at)}, which was past`);
    const toCome = lowest[numUpTo(byCall, -answeredAt, (call) => -call.calledAt) - 1];
    if (toCome !== undefined && toCome <= at.offset) faults.push(`refused at ${nameOf(at)}, which was to come`);
  }
}

/** How many of them, which are in the order of those numbers, are up to the limit. */
function numUpTo<T>(sorted: readonly T[], limit: number, numberOf: (item: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = sorted[middle];
    if (item !== undefined && numberOf(item) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function offsetOf({ offset }: { readonly offset: number }): number {
  return offset;
}

function running(numbers: readonly number[], of: (a: number, b: number) => number): number[] {
  let last: number | undefined;
  return numbers.map((number) => {
    last = last === undefined ? number : of(last, number);
    return last;
  });
}

function judgeValues(ofEpoch: readonly Change[], faults: string[]): void {
  const values = new Set<string>();
  for (const { value } of ofEpoch) {
    if (value === undefined) continue;
    if (values.has(value)) faults.push(`made twice: ${value}`);
    values.add(value);
  }
}

function versionAfter({ value, offset }: SeenChange): number {
  return value === undefined ? 0 : offset;
}

function nameOf({ epoch, offset }: MapPosition): string {
  return `${epoch}:${offset}`;
}

function textOf({ key, value }: Pick<SeenChange, 'key' | 'value'>): string {
  return value === undefined ? `the removal of ${key}` : `${key}=${value}`;
}
