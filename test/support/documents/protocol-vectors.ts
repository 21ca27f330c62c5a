/** The golden bytes in `test/vectors/centrifugal-json`, with maps and bytes where the model has these. */

import { readFileSync } from 'node:fs';
import type { Command } from '../../../src/model/command.js';
import type { Publication } from '../../../src/model/publication.js';
import type { Push } from '../../../src/model/push.js';
import type { ReplyBody } from '../../../src/model/reply.js';
import { StatePage } from '../../../src/model/state-page.js';

interface Vector {
  readonly name: string;
  readonly bytes: string;
}

/** In JSON these are objects. */
const mapKeys = new Set(['subs', 'headers']);

function load<More = unknown>(file: string): (Vector & Readonly<More>)[] {
  const text = readFileSync(new URL(`../../vectors/centrifugal-json/${file}.json`, import.meta.url), 'utf8');
  const revived: unknown = JSON.parse(text, (key, value: unknown) => {
    if (key === 'delta' && typeof value === 'string' && value !== 'whole') return Buffer.from(value);
    if (key === 'deflated') return Buffer.from(String(value), 'base64');
    if (key === 'state' && Array.isArray(value)) return new StatePage(value as Publication[]);
    return mapKeys.has(key) && typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : value;
  });
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

/** Bytes of the protobuf codec, by the name of the vector in JSON that says the same; SDKs have written them. */
function loadProtobuf<More = unknown>(file: string): ({ name: string; bytes: Uint8Array } & Readonly<More>)[] {
  const text = readFileSync(new URL(`../../vectors/centrifugal-protobuf/${file}.json`, import.meta.url), 'utf8');
  // safe: the tests compare every vector with what the code makes of it
  const vectors = JSON.parse(text) as (Vector & Readonly<More>)[];
  return vectors.map((vector) => ({ ...vector, bytes: Buffer.from(vector.bytes, 'hex') }));
}

function bytesByName(file: string): (name: string) => Uint8Array {
  const vectors = new Map(loadProtobuf(file).map(({ name, bytes }) => [name, bytes]));
  return (name) => {
    const bytes = vectors.get(name);
    if (bytes === undefined) throw new Error(`no protobuf vector "${name}" in ${file}.json`);
    return bytes;
  };
}

export const protobufVectors = { replies: bytesByName('replies'), pushes: bytesByName('pushes') };

export const protobufCommandVectors = loadProtobuf('commands').map(({ name, bytes }) => {
  const command = commandVectors.find((vector) => vector.name === name)?.command;
  if (command === undefined) throw new Error(`no JSON vector "${name}"`);
  return { name, bytes, command: inProtobuf(command) };
});

/** What a client publishes is bytes until the rule of the channel is known, and nothing is no bytes. */
export function inProtobuf(command: Command): Command {
  // A key that is removed has no data.
  if (command.kind === 'publish' && command.change?.removed === true) return command;
  if (command.kind === 'publish') return { ...command, data: new Uint8Array(Buffer.from(`${command.data}`)) };
  if (command.kind !== 'invalid' || command.method !== 'publish' || command.field !== 'data') return command;
  return { kind: 'publish', id: command.id, channel: 'c', data: new Uint8Array() };
}

/** Frames that close their connection. */
export const protobufRefusedVectors = loadProtobuf<{ code: number }>('refused');
