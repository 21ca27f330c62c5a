/** Describes channel rules as AsyncAPI channels, with operations to send and receive. */

import type { DataKind } from '../engine/channels/data-kind.js';
import type { Rule } from '../engine/channels/rule.js';
import { slowOption } from '../engine/channels/slow-policy.js';
import { type AnswerContent, answerStates } from '../model/answer-part.js';
import { defined } from '../model/defined.js';
import { addressOf, type Ids } from './address.js';
import type { JsonSchema, Reference, SpecChannel, SpecOperation } from './document.js';
import type { SchemaTable } from './schema-table.js';

export interface Described {
  readonly channels: Readonly<Record<string, SpecChannel>>;
  readonly operations: Readonly<Record<string, SpecOperation>>;
}

/** `application` if a function decides. */
function permissionName(permission: string | ((...args: never[]) => unknown)): string {
  return typeof permission === 'function' ? 'application' : permission;
}

export function describeChannel(rule: Rule, ids: Ids, schemas: SchemaTable): Described {
  const { text } = rule.pattern;
  const id = ids.of(text);
  const { address, parameters } = addressOf(text);
  const mayReceive = rule.subscribe !== 'nobody' || rule.userLimited;
  // Streams are written by a procedure.
  const maySend = rule.publish !== 'nobody' && rule.streams === undefined;
  const binary = rule.data === 'json' ? undefined : bytesIn(rule.data);
  const whole =
    binary?.payload ??
    schemas.payload(rule.schema, { name: text, direction: 'output', what: `${text}: what subscribers get` });
  const received = rule.streams === undefined ? whole : partOf(rule.streams.content, whole);
  const channel = { $ref: `#/channels/${id}` };
  const message = (name: string) => ({ $ref: `#/channels/${id}/messages/${name}` });
  return {
    channels: {
      [id]: {
        address,
        ...(Object.keys(parameters).length > 0 && { parameters }),
        messages: {
          publication: { summary: 'What subscribers get: `data` of a publication.', ...binary, payload: received },
          ...(maySend && {
            publish: {
              summary: 'What clients publish: `data` of the publish command.',
              ...(binary ?? {
                payload: schemas.payload(rule.schema, {
                  name: `${text} input`,
                  direction: 'input',
                  what: `${text}: what clients publish`,
                  twin: received,
                }),
              }),
            },
          }),
        },
        ...extensions(rule),
      },
    },
    operations: {
      ...(mayReceive && {
        [`receive_${id}`]: {
          action: 'receive',
          channel,
          summary: `Subscribe to ${text} and get what is published there.`,
          ...(rule.subscribe === 'token' && {
            security: [{ $ref: '#/components/securitySchemes/subscriptionToken' }],
          }),
          messages: [message('publication')],
          // Users in the name need no permission.
          'x-fanfare-permission': rule.subscribe === 'nobody' ? 'user-limited' : permissionName(rule.subscribe),
        },
      }),
      ...(maySend && {
        [`publish_${id}`]: {
          action: 'send',
          channel,
          summary: `Publish to ${text}.`,
          messages: [message('publish')],
          'x-fanfare-permission': permissionName(rule.publish),
        },
      }),
    },
  };
}

/** PROTOCOL.md, "Streams". */
function partOf(content: AnswerContent, item: JsonSchema | Reference): JsonSchema {
  return {
    type: 'object',
    description: 'A part of a stream.',
    required: ['s'],
    properties: {
      s: { type: 'integer', description: 'The number of the stream in its channel.' },
      i: { type: 'string', description: 'Its id: the part is everything so far.' },
      n: { type: 'integer', description: 'Length of what comes before it.' },
      ...(content === 'text' ? { t: { type: 'string' } } : { d: { type: 'array', items: item } }),
      e: { enum: [...answerStates] },
      m: { description: 'What it was opened with.' },
      r: { description: 'What it was closed with.' },
    },
  };
}

function bytesIn(kind: Exclude<DataKind, 'json'>) {
  const inJson = kind === 'base64' ? 'get and send a string of base64' : 'are refused (108)';
  return {
    contentType: 'application/octet-stream',
    payload: { type: 'string', format: 'binary', description: `Bytes. Clients that speak JSON ${inJson}.` },
  } as const;
}

/** Extensions for what AsyncAPI cannot express. Abilities that a channel does not have are left out. */
function extensions(rule: Rule) {
  const { stream, recovery } = rule;
  return {
    'x-fanfare-pattern': rule.pattern.text,
    ...(stream !== undefined && {
      'x-fanfare-history': {
        size: stream.size,
        ttlSec: stream.ttlMs / 1_000,
        read: permissionName(rule.readHistory),
      },
    }),
    ...(recovery !== 'off' && { 'x-fanfare-recovery': recovery }),
    ...(rule.presence && { 'x-fanfare-presence': { read: permissionName(rule.readPresence) } }),
    ...(rule.joinLeave && { 'x-fanfare-join-leave': rule.pushJoinLeave ? ('push' as const) : (true as const) }),
    ...(rule.userLimited && { 'x-fanfare-user-limited': true as const }),
    ...(rule.delta && { 'x-fanfare-delta': 'fossil' as const }),
    ...(rule.compaction && { 'x-fanfare-compaction': true as const }),
    ...(rule.streams && {
      'x-fanfare-streams': {
        of: rule.streams.content,
        publish: permissionName(rule.publish),
        cancel: permissionName(rule.streams.cancel),
      },
    }),
    ...(rule.slow.kind !== 'disconnect' && !rule.streams && { 'x-fanfare-slow': slowOption(rule.slow) }),
    ...(rule.maxRate &&
      !rule.streams && { 'x-fanfare-max-rate': defined({ default: rule.maxRate.usual, max: rule.maxRate.max }) }),
    'x-fanfare-max-message-bytes': rule.maxMessageBytes,
  };
}
