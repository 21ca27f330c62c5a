/** A function that runs inside Redis, in one atomic step. */

import { createHash } from 'node:crypto';
import { members } from './lua/members.js';
import { place } from './lua/place.js';
import { presenceAdd, presenceList, presenceRemove, presenceStats } from './lua/presence.js';
import { publish } from './lua/publish.js';
import { read } from './lua/read.js';
import { remove } from './lua/remove.js';

export interface Script {
  readonly source: string;
  /** Identifies it to a server that has it. */
  readonly sha: string;
}

export interface Scripts {
  readonly publish: Script;
  readonly read: Script;
  readonly remove: Script;
  readonly presenceAdd: Script;
  readonly presenceRemove: Script;
  readonly presenceList: Script;
  readonly presenceStats: Script;
}

export function makeScripts(): Scripts {
  return {
    publish: script(place, publish),
    read: script(place, read),
    remove: script(place, remove),
    presenceAdd: script(members, presenceAdd),
    presenceRemove: script(members, presenceRemove),
    presenceList: script(members, presenceList),
    presenceStats: script(members, presenceStats),
  };
}

function script(...parts: string[]): Script {
  const source = parts.join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
