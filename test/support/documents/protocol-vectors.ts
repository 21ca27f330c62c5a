/** The golden bytes in `test/vectors/centrifugal-json`, with maps where the model has maps. */

import { readFileSync } from 'node:fs';
import type { Command } from '../../../src/model/command.js';
import type { Push } from '../../../src/model/push.js';
import type { ReplyBody } from '../../../src/model/reply.js';

interface Vector {
  readonly name: string;
  readonly bytes: string;
}

/** In JSON these are objects. */
const mapKeys = new Set(['subs', 'headers']);

function load<More = unknown>(file: string): (Vector & Readonly<More>)[] {
  const text = readFileSync(new URL(`../../vectors/centrifugal-json/${file}.json`, import.meta.url), 'utf8');
  const revived: unknown = JSON.parse(text, (key, value: unknown) =>
    mapKeys.has(key) && typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : value,
  );
  // safe: the tests compare every vector with what the code makes of it
  return revived as (Vector & Readonly<More>)[];
}

export const commandVectors = load<{ command: Command }>('commands');
export const replyVectors = load<{ id: number; body: ReplyBody }>('replies');
export const pushVectors = load<{ push: Push }>('pushes');
/** Frames that close their connection. */
export const refusedVectors = load<{ code: number }>('refused');
/** Frames of several commands. */
export const frameVectors = load<{ kinds: readonly Command['kind'][] }>('frames');
