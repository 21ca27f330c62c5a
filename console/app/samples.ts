/** The last minutes of the fleet's figures, as rates, from what the nodes have counted. */

import type { NodeFields } from './api-results.js';

/** Five minutes, two seconds apart. */
export const maxSamples = 150;
export const sampleEveryMs = 2_000;

export interface Sample {
  /** Unix time in seconds. */
  readonly at: number;
  readonly connections: number;
  readonly queueBytes: number;
  /** Of the node that is latest. */
  readonly lagMs: number;
  readonly deliveriesPerSec: number;
  readonly publicationsPerSec: number;
  readonly recoveriesPerSec: number;
  readonly recoveriesFailedPerSec: number;
  readonly errorsPerSec: number;
  /** Since the sample before, by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** @param before what the nodes said then; a node that was not there counts from its next sample on */
export function sampleOf(
  nodes: readonly NodeFields[],
  atMs: number,
  before: { readonly nodes: readonly NodeFields[]; readonly atMs: number } | undefined,
): Sample {
  const seconds = before === undefined ? 0 : (atMs - before.atMs) / 1_000;
  const earlier = new Map(before?.nodes.map((node) => [node.uid, node]));
  const grown = (read: (node: NodeFields) => number): number =>
    sum(nodes, (node) => {
      const old = earlier.get(node.uid);
      return old === undefined ? 0 : Math.max(0, read(node) - read(old));
    });
  const rate = (read: (node: NodeFields) => number): number => (seconds > 0 ? grown(read) / seconds : 0);
  const codes = new Set(nodes.flatMap(({ errors }) => Object.keys(errors)));
  const errors = Object.fromEntries(
    [...codes].map((code) => [code, grown((node) => node.errors[code] ?? 0)] as const).filter(([, many]) => many > 0),
  );
  return {
    at: atMs / 1_000,
    connections: sum(nodes, ({ connections }) => connections),
    queueBytes: sum(nodes, ({ queue_bytes }) => queue_bytes),
    lagMs: Math.max(0, ...nodes.map(({ process }) => process?.lag_ms ?? 0)),
    deliveriesPerSec: rate(({ publications_out }) => publications_out),
    publicationsPerSec: rate(({ publications_in }) => publications_in),
    recoveriesPerSec: rate(({ recoveries }) => recoveries),
    recoveriesFailedPerSec: rate(({ recoveries_failed }) => recoveries_failed),
    errorsPerSec: rate((node) => sum(Object.values(node.errors), (many) => many)),
    errors,
  };
}

/** The newest at the end. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples.slice(1 - maxSamples), sample];
}

/** Errors of all samples by code, the most frequent first. */
export function errorsOf(samples: readonly Sample[]): readonly (readonly [code: string, many: number])[] {
  const all = new Map<string, number>();
  for (const { errors } of samples) {
    for (const [code, many] of Object.entries(errors)) all.set(code, (all.get(code) ?? 0) + many);
  }
  return [...all].sort(([, a], [, b]) => b - a);
}

function sum<Item>(items: readonly Item[], read: (item: Item) => number): number {
  return items.reduce((total, item) => total + read(item), 0);
}
