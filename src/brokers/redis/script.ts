/** A function that runs inside Redis, in one atomic step. */

import { createHash } from 'node:crypto';
import { answer } from './lua/answer.js';
import { answerChange } from './lua/answer-change.js';
import { answerRead, answerRemove } from './lua/answer-read.js';
import { append } from './lua/append.js';
import { map } from './lua/map.js';
import { mapChange, mapRenew } from './lua/map-change.js';
import { mapGet, mapPage } from './lua/map-read.js';
import { members } from './lua/members.js';
import { place } from './lua/place.js';
import { presenceAdd, presenceList, presenceRemove, presenceStats } from './lua/presence.js';
import { publish } from './lua/publish.js';
import { read } from './lua/read.js';
import { remove } from './lua/remove.js';
import { time } from './lua/time.js';

export interface Script {
  readonly source: string;
  /** Identifies it to a server that has it. */
  readonly sha: string;
}

export interface Scripts {
  readonly publish: Script;
  readonly read: Script;
  readonly remove: Script;
  readonly mapChange: Script;
  readonly mapRenew: Script;
  readonly mapGet: Script;
  readonly mapPage: Script;
  readonly answerChange: Script;
  readonly answerRead: Script;
  readonly answerRemove: Script;
  readonly presenceAdd: Script;
  readonly presenceRemove: Script;
  readonly presenceList: Script;
  readonly presenceStats: Script;
}

export function makeScripts(): Scripts {
  return {
    publish: script(place, append, publish),
    read: script(place, read),
    remove: script(place, remove),
    mapChange: script(time, place, append, map, mapChange),
    mapRenew: script(time, place, append, map, mapRenew),
    mapGet: script(time, place, append, map, mapGet),
    mapPage: script(time, place, append, map, mapPage),
    answerChange: script(time, place, answer, answerChange),
    answerRead: script(time, place, answer, answerRead),
    answerRemove: script(time, place, answer, answerRemove),
    presenceAdd: script(time, members, presenceAdd),
    presenceRemove: script(time, members, presenceRemove),
    presenceList: script(time, members, presenceList),
    presenceStats: script(time, members, presenceStats),
  };
}

/** @param parts of its source */
export function script(...parts: string[]): Script {
  const source = parts.join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
