/** The hooks of a server, made from their endpoints. */

import { isDeepStrictEqual } from 'node:util';
import { allowAnonymous, denyAll } from '../../engine/auth/anonymous.js';
import type { ChannelOptions } from '../../engine/channels/channel-options.js';
import type { RpcFallback } from '../../engine/channels/rpc-options.js';
import type { Authenticator } from '../../engine/ports/authenticator.js';
import type { Clock, Random } from '../../engine/ports/clock.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { Observer } from '../../engine/ports/observer.js';
import type { Tracer } from '../../engine/ports/tracer.js';
import { connectHook, keepStandIns } from './connect-hook.js';
import { EventDelivery } from './event-delivery.js';
import { type EventType, eventHook } from './event-hook.js';
import { Hook, type HookLimits, type HookName, type HookOptions } from './hook.js';
import { StandIns } from './hook-headers.js';
import { publishHook } from './publish-hook.js';
import { RefreshGrace } from './refresh-grace.js';
import { rpcHook } from './rpc-hook.js';
import { subRefreshHook } from './sub-refresh-hook.js';
import { subscribeHook } from './subscribe-hook.js';

/** Measures calls, and learns whether there is an events hook. */
interface CallMeter {
  took(hook: string, seconds: number): void;
  hasEvents(): void;
}

/** For events that still wait for a backend that gets no new ones. */
const lastEventsMs = 5_000;

interface HooksOptions {
  /** The endpoint of each hook. Absent hooks are not called. */
  readonly endpoints: { readonly [Name in HookName]?: HookOptions };
  readonly limits: HookLimits;
  readonly secrets: readonly string[];
  /** How long expired connections and subscriptions may stay while the backend does not answer. 0: not at all. */
  readonly refreshGraceMs: number;
  readonly eventTypes: readonly EventType[];
  readonly maxQueuedEvents: number;
  readonly hasPresence: (channel: string) => boolean;
}

export class Hooks {
  readonly subscribe: ChannelOptions['subscribe'];
  readonly renew: ChannelOptions['renew'];
  readonly publish: ChannelOptions['publish'];
  readonly procedureFallback?: RpcFallback;
  readonly observer?: Observer;
  readonly figures: readonly (Hook | EventDelivery)[];
  readonly events: EventDelivery | undefined;
  readonly #clock: Clock;
  readonly #connect: Hook | undefined;
  readonly #refresh: Hook | undefined;
  readonly #grace: RefreshGrace;
  readonly #standIns: StandIns;
  readonly #decisions: readonly Hook[];
  readonly #previous: Hooks | undefined;

  /** @param previous the hooks that these replace when they {@link start}; unchanged hooks are taken over */
  constructor(
    private readonly options: HooksOptions,
    ports: {
      readonly clock: Clock;
      readonly random: Random;
      readonly log: Logger;
      /** Absent: nothing is traced. */
      readonly tracer?: Tracer | undefined;
    },
    previous?: Hooks,
  ) {
    const { endpoints, limits, secrets } = options;
    this.#previous = previous;
    this.#clock = ports.clock;
    this.#standIns = previous === undefined ? new StandIns(emulatedIn(options)) : previous.#standIns;
    this.#grace =
      previous === undefined ? new RefreshGrace(ports.clock, ports.random, options.refreshGraceMs) : previous.#grace;
    const kept = previous === undefined ? [] : previous.#hooksFor(options);
    const decisions: Hook[] = [];
    const make = (name: HookName): Hook | undefined => {
      const endpoint = endpoints[name];
      if (endpoint === undefined) return undefined;
      const before = kept.find((one) => one.hook === name && isDeepStrictEqual(one.options, endpoint));
      const hook = before ?? new Hook(name, endpoint, { ...ports, limits, secrets, standIns: this.#standIns });
      decisions.push(hook);
      return hook;
    };
    this.#connect = make('connect');
    this.#refresh = make('refresh');
    const subscribe = make('subscribe');
    const subRefresh = make('sub_refresh');
    const publish = make('publish');
    const rpc = make('rpc');
    this.subscribe = subscribe && subscribeHook(subscribe);
    this.renew = subRefresh && subRefreshHook(subRefresh, this.#grace);
    this.publish = publish && publishHook(publish);
    if (rpc !== undefined) this.procedureFallback = rpcHook(rpc);
    const { events } = endpoints;
    if (events !== undefined) {
      const { maxQueuedEvents, eventTypes: types, hasPresence } = options;
      const delivery = previous?.events ?? new EventDelivery({ endpoint: events, maxQueuedEvents, secrets }, ports);
      const { includeMeta } = events;
      this.observer = eventHook({
        types,
        includeMeta,
        hasPresence,
        delivery,
        clock: ports.clock,
        tracer: ports.tracer,
      });
      this.events = delivery;
    }
    this.#decisions = decisions;
    this.figures = this.events === undefined ? decisions : [...decisions, this.events];
  }

  /**
   * Authenticates clients: with tokens those that have one, the others through the backend if there is a hook.
   *
   * @param anonymous without such a hook: accept the others as anonymous
   */
  authenticator(tokens: Authenticator | undefined, anonymous: boolean): Authenticator {
    const connect = this.#connect;
    const grace = this.#grace;
    const auth =
      connect !== undefined
        ? connectHook({ connect, refresh: this.#refresh, tokens, grace })
        : anonymous
          ? allowAnonymous(tokens)
          : (tokens ?? denyAll);
    return keepStandIns(auth, this.#standIns);
  }

  /** Puts these hooks into use. */
  start(nodeId: string): void {
    if (this.events !== undefined) this.events.nodeId = nodeId;
    if (this.#previous !== undefined) this.#succeed(this.#previous);
  }

  /** Each call is measured from now on. */
  measure(meter: CallMeter): void {
    for (const figure of this.figures) figure.onLatency = (seconds) => meter.took(figure.hook, seconds);
    if (this.events !== undefined) meter.hasEvents();
  }

  /** The previous hooks that can be taken over, if their endpoints are unchanged. */
  #hooksFor({ limits, secrets }: HooksOptions): readonly Hook[] {
    const isSame = isDeepStrictEqual(this.options.limits, limits) && isDeepStrictEqual(this.options.secrets, secrets);
    return isSame ? this.#decisions : [];
  }

  /** Questions in progress are still answered. */
  #succeed(previous: Hooks): void {
    const { endpoints, secrets, maxQueuedEvents, refreshGraceMs } = this.options;
    this.#standIns.names = emulatedIn(this.options);
    this.#grace.graceMs = refreshGraceMs;
    const { events } = endpoints;
    if (events !== undefined) this.events?.change({ endpoint: events, maxQueuedEvents, secrets });
    else void previous.events?.close(lastEventsMs);
    for (const hook of previous.#decisions) if (!this.#decisions.includes(hook)) hook.retire();
  }

  /** Delivers the last events by the deadline, and frees everything. */
  async close(deadlineMs: number): Promise<void> {
    for (const hook of this.#decisions) hook.close();
    // Events of the last clients are sent at the end of the turn.
    await new Promise<void>((resolve) => this.#clock.afterTurn(resolve));
    await this.events?.close(deadlineMs);
  }
}

function emulatedIn({ endpoints }: HooksOptions): string[] {
  return Object.values(endpoints).flatMap(({ emulatedHeaders }) => emulatedHeaders);
}
