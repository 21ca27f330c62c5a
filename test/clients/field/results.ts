/** What clients did, as it was last written: results.json, from which the tables of the page are made. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { EventFacts, StreamFacts, StreamPatience } from './stream-facts.js';
import type { WebSocketFacts, WebSocketPatience } from './websocket-facts.js';

interface Asked<Kind, Facts, Patience> {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly version: string;
  /** Of the last run. */
  readonly date: string;
  readonly facts: Facts;
  readonly patience: Patience;
}

export type WebSocketResult = Asked<'websocket', WebSocketFacts, WebSocketPatience>;
export type EventResult = Asked<'events', EventFacts, StreamPatience>;
export type LineResult = Asked<'lines', StreamFacts, StreamPatience>;
export type ClientResult = WebSocketResult | EventResult | LineResult;

const file = new URL('results.json', import.meta.url);

export function readResults(): readonly ClientResult[] {
  // safe: written by writeResults
  return JSON.parse(readFileSync(file, 'utf8')) as ClientResult[];
}

/** What is not in the new ones stays, of clients that are among them. @param results in the order of the catalogue */
export function mergeResults(ids: readonly string[], results: ReadonlyMap<string, Partial<ClientResult>>): void {
  const before = new Map(readResults().map((result) => [result.id, result]));
  const merged = ids.flatMap((id) => {
    const result: Partial<ClientResult> = { ...before.get(id), ...results.get(id) } as Partial<ClientResult>; // safe: of one kind
    return result.id === undefined ? [] : [result];
  });
  writeFileSync(file, `${JSON.stringify(merged, undefined, 2)}\n`);
}
