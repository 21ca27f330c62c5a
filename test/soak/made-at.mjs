// @ts-check
/** Where what a process holds was made: for whoever looks for what is not given back. It is slow, so nobody has it who does not ask. */

import { createHook } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';
import { writeHeapSnapshot } from 'node:v8';

/** Of no use here, and too many. */
const ignored = new Set(['PROMISE', 'TickObject', 'Microtask', 'Immediate']);

/**
 * Begins to remember.
 *
 * @param {string} folder that there is
 * @returns {(name: string) => void} writes what is there now, `name.txt` with the places and `name.heapsnapshot`
 */
export function rememberPlaces(folder) {
  /** Of each resource that is still there, by its id. @type {Map<number, string>} */
  const places = new Map();
  Error.stackTraceLimit = 20;
  createHook({
    init(id, type) {
      if (ignored.has(type)) return;
      places.set(id, `${type}\n${new Error().stack?.split('\n').slice(2).join('\n')}`);
    },
    destroy: (id) => places.delete(id),
  }).enable();
  return (name) => {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const place of places.values()) counts.set(place, (counts.get(place) ?? 0) + 1);
    const lines = [...counts].map(([place, count]) => `${count} × ${place}`);
    writeFileSync(`${folder}/${name}.txt`, `${lines.join('\n\n')}\n`);
    writeHeapSnapshot(`${folder}/${name}.heapsnapshot`);
  };
}
