/** Sends events about clients and channels to a backend. */

import { jsonBehindOf } from '../../engine/channels/json-behind.js';
import type { ConnectedClient } from '../../engine/ports/authenticator.js';
import type { Clock } from '../../engine/ports/clock.js';
import type { Observer } from '../../engine/ports/observer.js';
import type { Tracer } from '../../engine/ports/tracer.js';
import type { EventDelivery } from './event-delivery.js';

/** `join` and `leave` are `subscribed` and `unsubscribed` in channels with presence. */
export type EventType = keyof Observer | 'join' | 'leave';

interface EventHookOptions {
  readonly types: readonly EventType[];
  readonly includeMeta: boolean;
  /** Whether this channel has presence. */
  readonly hasPresence: (channel: string) => boolean;
  readonly delivery: EventDelivery;
  readonly clock: Clock;
  /** Absent: nothing is traced. */
  readonly tracer: Tracer | undefined;
}

/** Observes only the chosen types, so that others cost the engine nothing. */
export function eventHook({ types, includeMeta, hasPresence, delivery, clock, tracer }: EventHookOptions): Observer {
  const wanted = new Set(types);

  /** The id is the same in each attempt to deliver an event, and in no other event. */
  const add = (type: EventType, fields: object) => {
    if (!wanted.has(type)) return;
    const trace = tracer?.current();
    const traced = trace === undefined ? undefined : traceFields(trace);
    delivery.add({ id: delivery.nextId(), type, time_ms: clock.wallMs(), ...fields, ...traced }, trace);
  };
  const about = (who: ConnectedClient) => {
    const { user, client, transport } = who;
    const meta = jsonBehindOf(who)?.meta ?? who.meta;
    return { user, client, transport, ...(includeMeta && meta !== undefined && { meta }) };
  };
  const observers = {
    connected: (client) => add('connected', about(client)),
    disconnected: (client, { code, reason }) => add('disconnected', { ...about(client), code, reason }),
    subscribed: (client, channel) => {
      add('subscribed', { ...about(client), channel });
      if (hasPresence(channel)) add('join', { ...about(client), channel });
    },
    unsubscribed: (client, channel, { code, reason }) => {
      add('unsubscribed', { ...about(client), channel, code, reason });
      if (hasPresence(channel)) add('leave', { ...about(client), channel });
    },
    occupied: (channel) => add('occupied', { channel }),
    vacated: (channel) => add('vacated', { channel }),
    cancelled: (channel, stream, reason) => add('cancelled', { channel, stream, reason }),
  } satisfies Observer;
  const { connected, disconnected, subscribed, unsubscribed, occupied, vacated, cancelled } = observers;
  return {
    ...(wanted.has('connected') && { connected }),
    ...(wanted.has('disconnected') && { disconnected }),
    ...((wanted.has('subscribed') || wanted.has('join')) && { subscribed }),
    ...((wanted.has('unsubscribed') || wanted.has('leave')) && { unsubscribed }),
    ...(wanted.has('occupied') && { occupied }),
    ...(wanted.has('vacated') && { vacated }),
    ...(wanted.has('cancelled') && { cancelled }),
  };
}

/** Named as in CloudEvents (Distributed Tracing extension). @param trace of a span */
function traceFields(trace: string): object {
  const end = trace.indexOf(';');
  if (end < 0) return { traceparent: trace };
  return { traceparent: trace.slice(0, end), tracestate: trace.slice(end + 1) };
}
