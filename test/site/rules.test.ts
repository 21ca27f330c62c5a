/** What `npm run check:reference` asks of docstrings: each rule finds what breaks it, and nothing else. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonOf, readEntries } from '../../site/reference/entries.mjs';
import { problemsOf } from '../../site/reference/rules.mjs';
import { root } from '../docs/page.js';

const source = `
/**
 * A library.
 *
 * @module things
 */

/** Makes a room. @example const room = make(3); */
export function make(size: number): Room { throw new Error(String(size)); }
/** Makes nothing that a program can see. */
export function unshown(): void {}
export interface Silent { readonly word: string }
/** Says all. @example await room.enter(); for (const guest of room) greet(guest); */
export interface Room {
  /** Comes in. Rejects when it is full. */
  enter(): Promise<void>;
  /** Goes out. */
  leave(): Promise<void>;
  /** Waits. @throws Error after a minute */
  wait(): Promise<void>;
  /** Who is there. */
  [Symbol.iterator](): Iterator<string>;
  /** As large as it is. */
  readonly size: number;
  readonly idleMs: number;
  /** Where it is. */
  readonly place: Place;
}
/** How a room is made, which no function returns: what a program implements needs no example. */
export interface Options {
  /** Called with each guest. */
  onGuest(name: string): Promise<void>;
  /** Default: 5. */
  readonly patience?: number | undefined;
  /** Default: 5 seconds. */
  readonly deadline?: number;
  /** @internal */
  readonly hidden?: number;
}
/** A place. */
export class Place {
  /** Its street. */
  get street(): string { return ''; }
  get number(): number { return 0; }
  /** Finds it. @example const map = room.place.find(2); @param zoom as far as it goes */
  find(zoom: number): string { return String(zoom); }
  private secret(): void {}
}
`;

let folder = '';
beforeAll(() => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache/rules-'));
  writeFileSync(join(folder, 'things.ts'), source);
  writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../../tsconfig.json", "include": ["things.ts"] }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each rule finds what breaks it', { timeout: 300_000 }, async () => {
  const read = await readEntries({
    entryPoints: [join(folder, 'things.ts')],
    tsconfig: join(folder, 'tsconfig.json'),
    options: { alwaysCreateEntryPointModule: true },
  });
  expect(problemsOf(jsonOf(read)).sort()).toEqual([
    'things: Options.patience: no unit',
    'things: Place.find: no unit of zoom',
    'things: Place.number: no docstring',
    'things: Room.idleMs: no docstring',
    'things: Room.leave: does not say how it fails',
    'things: Room.leave: no example that calls it',
    'things: Room.size: no unit',
    'things: Room.wait: no example that calls it',
    'things: Silent.word: no docstring',
    'things: Silent: no docstring',
    'things: make: no unit of size',
    'things: unshown: no example that calls it',
  ]);
});
