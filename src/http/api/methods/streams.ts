/** `stream_open`, `stream_append`, `stream_close`, `stream_cancel`, `stream_wait` and `stream_read`: messages that grow. */

import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { NewAddition } from '../../../engine/channels/answer-changes.js';
import { encodeMessage } from '../../../engine/channels/publishing.js';
import type { AnswerStatus } from '../../../engine/ports/answer-store.js';
import type { JsonText } from '../../../model/json-text.js';
import { isMapKey } from '../../../model/map-key.js';
import { malformed, missing } from '../api-error.js';
import { anyJson, flag, text } from '../fields.js';
import { apiMethod } from '../method.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const run = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const maxWaitMs = 60_000;
const defaultWaitMs = 20_000;

const named = { channel: v.string(), id: text };
/** Of the producer, as `stream_open` has given it. */
const written = { ...named, run, seq: v.nullish(count) };

/** Without an id, a new one. One that has not ended is gone on with. */
export const streamOpen = apiMethod(
  'stream_open',
  undefined,
  v.object({ ...named, meta: anyJson }),
  async ({ channel, id, meta }, { operations }) => {
    const name = id === '' ? randomUUID() : idOf(id);
    const status = await operations.changeAnswer(channel, { kind: 'open', id: name, meta: jsonOf(meta) });
    return JSON.stringify({ id: name, ...statusOf(status), resumed: status.run !== status.number });
  },
);

/** A repeated number changes nothing. */
export const streamAppend = apiMethod(
  'stream_append',
  undefined,
  v.object({ ...written, text: v.nullish(v.string()), items: v.nullish(v.array(v.unknown())) }),
  async ({ channel, id, run, seq, ...fields }, { operations }) => {
    const change = { kind: 'append', id: idOf(id), run, seq: seq ?? undefined, added: additionOf(fields) } as const;
    return JSON.stringify(statusOf(await operations.changeAnswer(channel, change)));
  },
);

export const streamClose = apiMethod(
  'stream_close',
  undefined,
  v.object({ ...written, result: anyJson, failed: flag }),
  async ({ channel, id, run, seq, result, failed }, { operations }) => {
    const state = failed ? 'failed' : 'closed';
    const change = { kind: 'end', id: idOf(id), run, seq: seq ?? undefined, state, result: jsonOf(result) } as const;
    return JSON.stringify(statusOf(await operations.changeAnswer(channel, change)));
  },
);

export const streamCancel = apiMethod(
  'stream_cancel',
  undefined,
  v.object(named),
  async ({ channel, id }, { operations }) => {
    await operations.changeAnswer(channel, { kind: 'cancel', id: idOf(id) });
  },
);

/** Waits until a reader cancels the stream, nobody reads it, or another producer opens it; meanwhile the producer counts as alive. */
export const streamWait = apiMethod(
  'stream_wait',
  undefined,
  v.object({ ...named, run, timeout_ms: v.nullish(v.pipe(count, v.maxValue(maxWaitMs)), defaultWaitMs) }),
  async ({ channel, id, run, timeout_ms: ms }, { operations }) => {
    const stopped = await operations.waitForStop(channel, idOf(id), run, ms);
    return JSON.stringify({ ...(stopped !== undefined && { stopped }) });
  },
);

export const streamRead = apiMethod(
  'stream_read',
  undefined,
  v.object(named),
  async ({ channel, id }, { operations }) => {
    const read = await operations.readAnswer(channel, idOf(id));
    if (read === undefined) return '{}';
    const { content, body, meta, result } = read.part;
    const head = JSON.stringify({ id, state: read.state, ...statusOf(read) }).slice(0, -1);
    // Their text stays what it was.
    const value = content === 'text' ? `,"text":"${body}"` : `,"items":[${body}]`;
    const rest = `${meta === undefined ? '' : `,"meta":${meta}`}${result === undefined ? '' : `,"result":${result}`}`;
    return `{"stream":${head}${value}${rest}}}`;
  },
);

function idOf(id: string): string {
  if (id === '') throw missing('id');
  if (!isMapKey(id)) throw malformed('id is too long, or is no Unicode', 'id');
  return id;
}

function additionOf({
  text,
  items,
}: {
  readonly text?: string | null | undefined;
  readonly items?: readonly unknown[] | null | undefined;
}): NewAddition {
  if (text != null) return { text };
  if (items == null) throw missing('text');
  return { items: items.map(encodeMessage) };
}

function jsonOf(value: unknown): JsonText | undefined {
  return value == null ? undefined : encodeMessage(value);
}

function statusOf({ run, seq, length, isCancelled, position }: AnswerStatus) {
  return { run, seq, length, ...(isCancelled && { cancelled: true }), ...position };
}
