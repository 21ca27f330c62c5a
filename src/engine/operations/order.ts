/** What an order is: something that one node does with its clients and has all others do with theirs. */

import * as v from 'valibot';
import type { Revocations } from '../auth/revocations.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { ServerSubscribePorts } from '../sessions/server-subscribe.js';
import type { Sessions } from '../sessions/sessions.js';
import type { ChannelMatcher } from './clients.js';
import type { SingleConnection } from './single-connection.js';

/** What orders work with on each node. */
export interface OrderPorts extends ChannelMatcher, ServerSubscribePorts {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly counters: Counters;
  /** Absent: users have as many connections as they like. */
  readonly singleConnection: SingleConnection | undefined;
}

/** One order, which can be followed here and told to other nodes. */
export interface Order {
  /** Its name and its fields, as other nodes read them. */
  readonly told: { readonly do: string };
  /**
   * A node that could not be reached when it was given follows it later: what it has ended does not end by itself, and
   * is not asked about again by clients that connect later.
   */
  readonly isLasting: boolean;
  /**
   * @param atMs when it was given, by the monotonic clock, when this node hears of it late: connections that were made
   *   since are not meant. Default: now
   * @returns what the node that has given it is answered; `undefined` is nothing
   * @throws FanfareError, or rejects with one, for a channel that there is not
   */
  follow(ports: OrderPorts, atMs?: number): unknown;
}

interface OrderKindOptions<Fields> {
  /** The one decoder of what other nodes tell. */
  readonly fields: v.GenericSchema<unknown, Fields>;
  /** Default: `false`. */
  readonly isLasting?: true;
  readonly follow: (fields: Fields, ports: OrderPorts, atMs: number | undefined) => unknown;
}

/** Makes orders of one kind: from fields, or from what another node has told. */
export class OrderKind<Fields extends object> {
  constructor(
    private readonly name: string,
    private readonly options: OrderKindOptions<Fields>,
  ) {}

  of(fields: Fields): Order {
    const { isLasting = false, follow } = this.options;
    return {
      told: { do: this.name, ...fields },
      isLasting,
      follow: (ports, atMs) => follow(fields, ports, atMs),
    };
  }

  /** `undefined` for fields that this version cannot read. */
  decode(body: unknown): Order | undefined {
    const parsed = v.safeParse(this.options.fields, body);
    return parsed.success ? this.of(parsed.output) : undefined;
  }
}
