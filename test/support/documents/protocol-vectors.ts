/** The golden bytes in `test/vectors/centrifugal-json`, with maps where the model has maps. */

import { readFileSync } from 'node:fs';
import type { Command } from '../../../src/model/command.js';
import type { Push } from '../../../src/model/push.js';
import type { ReplyBody } from '../../../src/model/reply.js';

export interface CommandVector {
  readonly name: string;
  readonly bytes: string;
  readonly command: Command;
}

export interface ReplyVector {
  readonly name: string;
  readonly id: number;
  readonly body: ReplyBody;
  readonly bytes: string;
}

export interface PushVector {
  readonly name: string;
  readonly push: Push;
  readonly bytes: string;
}

/** A frame that closes its connection. */
export interface RefusedVector {
  readonly name: string;
  readonly bytes: string;
  readonly code: number;
}

/** A frame of several commands. */
export interface FrameVector {
  readonly name: string;
  readonly bytes: string;
  readonly kinds: readonly Command['kind'][];
}

/** In JSON these are objects. */
const mapKeys = new Set(['subs', 'headers']);

function load<Vector>(file: string): Vector[] {
  const text = readFileSync(new URL(`../../vectors/centrifugal-json/${file}.json`, import.meta.url), 'utf8');
  const revived: unknown = JSON.parse(text, (key, value: unknown) =>
    mapKeys.has(key) && typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : value,
  );
  // safe: the tests compare every vector with what the code makes of it
  return revived as Vector[];
}

export const commandVectors = load<CommandVector>('commands');
export const replyVectors = load<ReplyVector>('replies');
export const pushVectors = load<PushVector>('pushes');
export const refusedVectors = load<RefusedVector>('refused');
export const frameVectors = load<FrameVector>('frames');
