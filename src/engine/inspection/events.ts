/** Questions about the recent events of a node. */

import * as v from 'valibot';
import type { EventField, EventKind, NodeEvent, RecentEvents } from '../log/recent-events.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const eventFilter = v.object({
  kind: v.exactOptional(v.picklist(['refusal', 'end'] satisfies EventKind[])),
  user: v.exactOptional(v.string()),
  client: v.exactOptional(v.string()),
  channel: v.exactOptional(v.string()),
  check: v.exactOptional(v.string()),
});
export type EventFilter = v.InferOutput<typeof eventFilter>;

/** `after`: the last event of each node, by the node's id, that has been seen. */
export const eventsQuestion = v.object({
  filter: eventFilter,
  after: v.record(v.string(), count),
  limit: v.pipe(count, v.maxValue(1_000)),
});
type EventsQuestion = v.InferOutput<typeof eventsQuestion>;

const field = v.union([v.string(), v.number(), v.boolean()]) satisfies v.GenericSchema<EventField>;
const event = v.object({
  seq: count,
  atMs: v.number(),
  kind: v.picklist(['refusal', 'end']),
  level: v.picklist(['info', 'warn', 'error']),
  check: v.string(),
  message: v.string(),
  count,
  fields: v.record(v.string(), field),
}) satisfies v.GenericSchema<NodeEvent>;

export const eventsAnswer = v.object({ node: v.string(), lastSeq: count, isCut: v.boolean(), events: v.array(event) });
export type EventsAnswer = v.InferOutput<typeof eventsAnswer>;

export function eventsHere(
  { id, recentEvents }: { readonly id: string; readonly recentEvents: Pick<RecentEvents, 'after' | 'lastSeq'> },
  { filter, after, limit }: EventsQuestion,
): EventsAnswer {
  const { kind, check, ...about } = filter;
  const wanted = Object.entries(about);
  const { events, isCut } = recentEvents.after(after[id] ?? 0, limit, (one) => {
    if ((kind !== undefined && one.kind !== kind) || (check !== undefined && one.check !== check)) return false;
    return wanted.every(([name, value]) => Reflect.get(one.fields, name) === value);
  });
  return { node: id, lastSeq: recentEvents.lastSeq, isCut, events };
}
