/** Orders: operations that one node carries out on its clients and has all other nodes carry out on theirs. */

import * as v from 'valibot';
import type { Revocations } from '../auth/revocations.js';
import type { Clock } from '../ports/clock.js';
import type { Counters } from '../ports/counters.js';
import type { LevelSwitch } from '../ports/logger.js';
import type { ServerSubscribePorts } from '../sessions/server-subscribe.js';
import type { Sessions } from '../sessions/sessions.js';
import type { ChannelMatcher } from './clients.js';
import type { SingleConnection } from './single-connection.js';

/** What orders need on each node. */
export interface OrderPorts extends ChannelMatcher, ServerSubscribePorts {
  readonly id: string;
  readonly logLevel: LevelSwitch | undefined;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly counters: Counters;
  readonly singleConnection: Pick<SingleConnection, 'endOlder'>;
}

/** One order, to be carried out here and sent to other nodes. */
export interface Order {
  /** Its name and fields, as sent to other nodes. */
  readonly told: { readonly do: string };
  /**
   * Whether a node that could not be reached carries the order out later: for orders about existing connections, since
   * nothing else would change these.
   */
  readonly isLasting: boolean;
  /**
   * @param atMs the time of an order that arrives late, by the monotonic clock: connections made since are not
   *   affected. Default: now
   * @returns the answer for the node that gave the order; `undefined` means none
   * @throws FanfareError, or rejects with one, for a channel that does not exist
   */
  follow(ports: OrderPorts, atMs?: number): unknown;
}

interface OrderKindOptions<Fields> {
  /** The only decoder of the fields that other nodes send. */
  readonly fields: v.GenericSchema<unknown, Fields>;
  /** Default: `false`. */
  readonly isLasting?: true;
  readonly follow: (fields: Fields, ports: OrderPorts, atMs: number | undefined) => unknown;
}

/** Makes orders of one kind, from fields or from the message of another node. */
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

  /** `undefined` for fields that this version cannot decode. */
  decode(body: unknown): Order | undefined {
    const parsed = v.safeParse(this.options.fields, body);
    return parsed.success ? this.of(parsed.output) : undefined;
  }
}
