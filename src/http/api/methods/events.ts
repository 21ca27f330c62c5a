/** `events`: recent refusals and ended connections of all nodes, in pages that go on where the last one ended. */

import * as v from 'valibot';
import type { NodeEvent } from '../../../engine/log/recent-events.js';
import { cursorField, cursorText, placeOf } from '../cursor.js';
import { pageSize, text } from '../fields.js';
import { apiMethod } from '../method.js';

const place = v.record(v.string(), v.pipe(v.number(), v.integer(), v.minValue(0)));

const params = v.object({
  kind: v.nullish(v.picklist(['', 'refusal', 'end']), ''),
  user: text,
  client: text,
  channel: text,
  check: text,
  limit: pageSize,
  cursor: cursorField,
});

export const events = apiMethod('events', undefined, params, async (fields, { inspection }) => {
  const { kind, user, client, channel, check, limit, cursor } = fields;
  const filter = {
    ...(kind && { kind }),
    ...(user && { user }),
    ...(client && { client }),
    ...(channel && { channel }),
    ...(check && { check }),
  };
  const page = await inspection.events(filter, limit, placeOf(place, cursor));
  return JSON.stringify({ events: page.events.map(eventFields), cursor: cursorText(page.next), cut: page.isCut });
});

export function eventFields({
  node,
  seq,
  atMs,
  kind,
  level,
  check,
  message,
  count,
  fields,
}: NodeEvent & { node: string }) {
  return { id: `${node}.${seq}`, node, time: atMs / 1_000, kind, level, check, message, count, fields };
}
