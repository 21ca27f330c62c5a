/** Conditions on the figures of a run, which decide its exit code. */

import { parseDurationMs } from '../../engine/time/duration.js';
import { closest } from '../../model/closest.js';

/** The distributions of a run; each is a group of figures. */
export const distributions = ['delivery', 'publish', 'connect', 'reconnect'] as const;
export type Distribution = (typeof distributions)[number];

/** Single figures, and what they are in the report. */
export const plainFigures = {
  errors: 'failed operations of all kinds',
  lost: 'deliveries that did not come',
  duplicates: 'deliveries that came twice',
  misordered: 'deliveries that came after later ones',
  connections: 'subscribed connections when the ramp was over',
  'deliveries.rate': 'deliveries a second in the measured time',
  'publications.rate': 'accepted publications a second in the measured time',
  serverCpu: 'µs of the server’s CPU for one delivery; needs metrics',
} as const;
export type PlainFigure = keyof typeof plainFigures;

/** Figures by the names that conditions use; of distributions, percentiles in microseconds. */
export interface Figures {
  plain(name: PlainFigure): number | undefined;
  /** In microseconds; `undefined` without values. @param percentile from 0 to 100 */
  percentile(distribution: Distribution, percentile: number): number | undefined;
  mean(distribution: Distribution): number | undefined;
}

type Relation = '<' | '<=' | '>' | '>=' | '=';

export interface Condition {
  readonly name: string;
  readonly text: string;
  readonly relation: Relation;
  /** Microseconds for a distribution's figures. */
  readonly limit: number;
  /** `undefined`: the run has no such figure. */
  measure(figures: Figures): number | undefined;
}

export interface Verdict {
  readonly name: string;
  /** The condition, as it was written. */
  readonly condition: string;
  /** In milliseconds for times; absent: the run has no such figure. */
  readonly measured?: number;
  readonly met: boolean;
}

/** Why a condition is none. */
export interface ConditionFault {
  readonly fault: string;
}

export function parseCondition(name: string, text: string): Condition | ConditionFault {
  const figure = figureOf(name);
  if ('fault' in figure) return figure;
  const [, relation = '=', value = ''] = /^(<=|>=|<|>|=)?\s*(\S+)$/.exec(text.trim()) ?? [];
  const limit = figure.isTime ? timeOf(value) : numberOf(value);
  if (limit === undefined) {
    const example = figure.isTime ? '<200ms' : '0, <100 or >=50000';
    return { fault: `is not a condition; write one like ${example}` };
  }
  // safe: the pattern admits these only
  return { name, text, relation: relation as Relation, limit, measure: figure.measure };
}

interface Figure {
  readonly isTime: boolean;
  measure(figures: Figures): number | undefined;
}

function figureOf(name: string): Figure | ConditionFault {
  if (Object.hasOwn(plainFigures, name)) {
    // safe: it is one of them
    return { isTime: false, measure: (figures) => figures.plain(name as PlainFigure) };
  }
  const [, group = '', what = ''] = /^([a-z]+)\.(mean|max|p\d+(?:\.\d+)?)$/.exec(name) ?? [];
  const distribution = distributions.find((known) => known === group);
  if (distribution !== undefined) {
    if (what === 'mean') return { isTime: true, measure: (figures) => figures.mean(distribution) };
    const percentile = what === 'max' ? 100 : Number(what.slice(1));
    if (percentile <= 100) return { isTime: true, measure: (figures) => figures.percentile(distribution, percentile) };
  }
  const known = [...Object.keys(plainFigures), ...distributions.flatMap((each) => [`${each}.p99`, `${each}.max`])];
  const meant = closest(name, known);
  return {
    fault: `is no figure; ${meant === undefined ? `there are ${known.join(', ')}` : `did you mean "${meant}"?`}`,
  };
}

function timeOf(text: string): number | undefined {
  const parts = /^(\d+)\.(\d+)(ms|s)$/.exec(text);
  if (parts !== null) return Number(`${parts[1]}.${parts[2]}`) * (parts[3] === 's' ? 1e6 : 1e3);
  const ms = text === '0' ? 0 : parseDurationMs(text);
  return ms === undefined ? undefined : ms * 1_000;
}

function numberOf(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** A figure that a run does not have fails its condition: a test must not pass because nothing happened. */
export function judge(conditions: Readonly<Record<string, string>>, figures: Figures): Verdict[] {
  return Object.entries(conditions).map(([name, text]) => {
    const condition = parseCondition(name, text);
    // The scenario's decoder has refused these.
    if ('fault' in condition) return { name, condition: text, met: false };
    const value = condition.measure(figures);
    if (value === undefined) return { name, condition: text, met: false };
    const isTime = !Object.hasOwn(plainFigures, name);
    return { name, condition: text, measured: isTime ? value / 1_000 : value, met: holds(value, condition) };
  });
}

function holds(value: number, { relation, limit }: Condition): boolean {
  switch (relation) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '=':
      return value === limit;
  }
}
