/** Spans of publishing and of the fan-out, named by OpenTelemetry's conventions for messaging. */

import type { ChannelName } from '../../model/channel-name.js';
import type { Published } from '../ports/broker.js';
import type { Span, Tracer } from '../ports/tracer.js';
import type { Rule } from './rule.js';

const system = 'fanfare';

/** @param client id of the connection that publishes; absent when the server does */
export function beginPublishing(tracer: Tracer, channel: ChannelName, { pattern }: Rule, client?: string): Span {
  return tracer.begin({
    // Few different names: the rule's pattern and not the channel, whose name may have a user in it.
    name: `publish ${pattern.text}`,
    kind: 'producer',
    attributes: {
      'messaging.system': system,
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': channel,
      'messaging.destination.template': pattern.text,
      ...(client !== undefined && { 'messaging.client.id': client }),
    },
  });
}

/** One span for all channels of a broadcast. */
export function beginBroadcast(tracer: Tracer, numChannels: number): Span {
  return tracer.begin({
    name: 'broadcast',
    kind: 'producer',
    attributes: {
      'messaging.system': system,
      'messaging.operation.name': 'broadcast',
      'messaging.operation.type': 'send',
      'messaging.batch.message_count': numChannels,
    },
  });
}

/** Ends with the acknowledgement of the broker. */
export function endPublishing(span: Span, published: Promise<Published>): void {
  published.then(
    ({ position: { offset }, duplicate }) => {
      if (offset > 0) span.set({ 'messaging.message.id': String(offset) });
      if (duplicate) span.set({ 'fanfare.duplicate': true });
      span.end();
    },
    (error: unknown) => span.end(error),
  );
}

/** The fan-out to the subscribers of one node. `undefined` if nothing is recorded. @param trace of the publication */
export function beginDelivery(
  tracer: Tracer,
  trace: string,
  channel: ChannelName,
  rule: Rule | undefined,
): Span | undefined {
  const pattern = rule?.pattern.text;
  const span = tracer.begin({
    name: pattern === undefined ? 'deliver' : `deliver ${pattern}`,
    kind: 'consumer',
    attributes: {
      'messaging.system': system,
      'messaging.operation.name': 'deliver',
      'messaging.operation.type': 'process',
      'messaging.destination.name': channel,
      ...(pattern !== undefined && { 'messaging.destination.template': pattern }),
    },
    from: trace,
  });
  return span.trace === undefined ? undefined : span;
}
