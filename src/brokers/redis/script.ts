/** A function that runs inside Redis, in one atomic step. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Script {
  readonly source: string;
  /** Names it to a server that has it. */
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

export function readScripts(): Scripts {
  return {
    publish: script('place', 'publish'),
    read: script('place', 'read'),
    remove: script('place', 'remove'),
    presenceAdd: script('members', 'presence-add'),
    presenceRemove: script('members', 'presence-remove'),
    presenceList: script('members', 'presence-list'),
    presenceStats: script('members', 'presence-stats'),
  };
}

function script(...parts: string[]): Script {
  const source = parts.map((part) => readFileSync(new URL(`./lua/${part}.lua`, import.meta.url), 'utf8')).join('\n');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
