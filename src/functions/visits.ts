/** Visits of connections, one at a time for each: take the lease, do something with the session, write it, give the lease back. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { pause } from '../engine/time/pause.js';
import { parseChannelName } from '../model/channel-name.js';
import { FanfareError } from '../model/fanfare-error.js';
import { type ConnectionState, decodeState, encodeState, type IndexEntry } from './connection-state.js';
import type { Delivery, StreamDelivery } from './delivery.js';
import { dueAtMs } from './due.js';
import type { FunctionPorts } from './function-ports.js';
import type { ClientEvent } from './function-store.js';
import { type Left, Visit } from './visit.js';

/** What is done in a visit. */
export interface Work<Answer = void> {
  /** A frame that must not be handled twice. Absent: anything that may. */
  readonly event?: Omit<ClientEvent, 'isPatient'>;
  /** Publications that are brought along. Default: none. */
  readonly brought?: readonly StreamDelivery[];
  /** Whether the state shows that there is nothing to do. Default: there is. */
  isNeedless?(state: ConnectionState): boolean;
  /** The session goes on; what it begins is waited for. */
  do(visit: Visit, state: ConnectionState): Answer | Promise<Answer>;
}

export type VisitOutcome<Answer> =
  | { readonly kind: 'done'; readonly answer: Answer }
  /** Not needed. */
  | { readonly kind: 'needless' }
  /** The connection has ended. */
  | { readonly kind: 'absent' }
  /** The event has been handled before. */
  | { readonly kind: 'repeated' }
  /** Others had it all the time, or the store has failed. */
  | { readonly kind: 'failed' };

/** Pauses between two attempts to take a lease. */
const minPauseMs = 4;
const maxPauseMs = 80;
/** Longest pause of who has many before it. */
const maxTurnPauseMs = 1_000;
/** Nobody knows that commands are missing who finds the connection busy. */
const minLooks = 8;
/** Part of a lease that is not used: clocks, and messages on their way. */
const leaseMargin = 0.2;

export class Visits {
  readonly #ports: FunctionPorts;
  readonly #deliver: (deliveries: readonly Delivery[], from: string) => Promise<void>;
  /** Known to the functions of the application that it calls. */
  readonly #current = new AsyncLocalStorage<Visit>();

  /** @param deliver hands what a visit has left for others to all subscribers but the one that it is from */
  constructor(ports: FunctionPorts, deliver: (deliveries: readonly Delivery[], from: string) => Promise<void>) {
    this.#ports = ports;
    this.#deliver = deliver;
  }

  /** The visit for which the caller works; absent once that is over. */
  get current(): Visit | undefined {
    const visit = this.#current.getStore();
    return visit?.isOver === false ? visit : undefined;
  }

  /** Resolves when everything is done, also what others have to be told. Rejects only as `work` does. */
  async visit<Answer>(id: string, work: Work<Answer>): Promise<VisitOutcome<Awaited<Answer>>> {
    const lease = new Lease(this.#ports, id);
    try {
      const taken = await this.#take(lease, work);
      if (typeof taken === 'string') return { kind: taken };
      const state = await this.#stateOf(lease, taken.state);
      if (state === undefined) return { kind: 'absent' };
      if (!taken.isSuspect && work.isNeedless?.(state) === true) {
        await this.#ports.store.connections.leave(id, lease.name, taken.state, dueAtMs(this.#ports, state));
        return { kind: 'needless' };
      }
      if (taken.isSuspect) await this.#takeBack(id, state, taken.intended);
      const { answer, left, place } = await this.#during(lease, state, taken.isSuspect, work);
      if (place !== undefined) await this.#queue(id, place);
      if (left.forOthers.length > 0) await this.#deliver(left.forOthers, id);
      if (place !== undefined) await this.#ports.store.order.delivered(id, place);
      await Promise.all(left.afterwards.map((each) => each()));
      return { kind: 'done', answer };
    } catch (error) {
      this.#ports.engine.log.error({ err: error, client: id }, 'a visit of a connection has failed');
      return { kind: 'failed' };
    } finally {
      lease.stop();
    }
  }

  async #take<Answer>(lease: Lease, { event }: Work<Answer>) {
    const { engine, times } = this.#ports;
    const beganMs = engine.clock.nowMs();
    const queue = new Queue(event);
    /** Nothing has come of what has to be before since then, and that was seen so often. */
    let early = { lastCommand: -1, sinceMs: beganMs, times: 0 };
    for (let pauseMs = minPauseMs; ; pauseMs = Math.min(pauseMs * 1.6, maxPauseMs)) {
      const nowMs = engine.clock.nowMs();
      const waitedMs = nowMs - beganMs;
      const isPatient = nowMs - early.sinceMs < times.orderMs || early.times < minLooks;
      const taken = await lease.take(event && { ...event, isPatient }).catch((error: unknown) => {
        // A function that was frozen finds its connections to the store dead. Asking again does no harm.
        if (!(error instanceof FanfareError && error.retryable) || waitedMs > times.patienceMs) throw error;
        return { kind: 'unanswered' } as const;
      });
      if (taken.kind === 'taken') return taken;
      if (taken.kind === 'absent' || taken.kind === 'repeated') return taken.kind;
      if (taken.kind === 'early' && taken.lastCommand !== early.lastCommand) {
        early = { lastCommand: taken.lastCommand, sinceMs: nowMs, times: 0 };
        // Its turn comes soon.
        pauseMs = minPauseMs;
      }
      if (taken.kind === 'early') early.times++;
      if ('lastCommand' in taken) queue.saw(taken.lastCommand, nowMs);
      if (waitedMs > times.patienceMs) {
        engine.log.warn(
          { client: lease.id, waitedMs: Math.round(waitedMs) },
          'others have had a connection all the time',
        );
        return 'failed';
      }
      // Of many that wait, those whose turn is far off leave the store to the others.
      await pause(engine.clock, Math.max(pauseMs * (0.5 + engine.random.unit()), queue.waitMs));
    }
  }

  /** Traces of subscriptions that a visit before this one has not finished. */
  async #takeBack(id: string, { client }: ConnectionState, intended: readonly string[]): Promise<void> {
    const { index, broker } = this.#ports.store;
    const names = intended.flatMap((name) => parseChannelName(name) ?? []);
    await Promise.all(
      names.flatMap((name) => [index.remove('channel', name, id), broker.presence?.remove(name, client)]),
    );
  }

  async #during<Answer>(lease: Lease, before: ConnectionState, isSuspect: boolean, work: Work<Answer>) {
    const { brought = [] } = work;
    const visit = new Visit(this.#ports, {
      id: lease.id,
      before,
      brought: isSuspect ? [] : brought,
      leaseEndsAtMs: () => lease.endsAtMs,
      intend: (channel) => this.#ports.store.connections.intend(lease.id, lease.name, channel),
    });
    try {
      const { answer, left } = await this.#current.run(visit, async () => {
        await visit.resume().catch((error: unknown) => {
          // Whoever is sent back needs no session.
          if (!isSuspect) throw error;
        });
        if (isSuspect) visit.sendBack();
        const answer = await work.do(visit, before);
        return { answer, left: await visit.end() };
      });
      const hasLive = left.forOthers.some(({ kind }) => kind === 'publication');
      const place = hasLive ? await this.#ports.store.order.place(lease.id) : undefined;
      await this.#leave(lease, before, left);
      return { answer, left, place };
    } finally {
      lease.stop();
      visit.close();
    }
  }

  /** Other subscribers get what is in no stream in the order in which the client has published it. */
  async #queue(id: string, place: number): Promise<void> {
    const { engine, store, times } = this.#ports;
    const beganMs = engine.clock.nowMs();
    // Whoever is before may have died.
    while (engine.clock.nowMs() - beganMs < times.leaseMs && !(await store.order.isNext(id, place))) {
      await pause(engine.clock, minPauseMs);
    }
  }

  /** `undefined`, and the connection is removed, if it is a state that no function of this version has written. */
  async #stateOf({ id, name }: Lease, text: string): Promise<ConnectionState | undefined> {
    try {
      return decodeState(text);
    } catch (error) {
      const { engine, store } = this.#ports;
      engine.log.error({ err: error, client: id }, 'the state of a connection cannot be read: it is given up');
      await store.connections.remove(id, name);
      return undefined;
    }
  }

  /** The index changes under the lease, so that it is never behind another visit. */
  async #leave(lease: Lease, before: ConnectionState, { state, isUntold, added, removed }: Left): Promise<void> {
    const { gateway, store } = this.#ports;
    const { id, name } = lease;
    const each = (entries: readonly IndexEntry[], change: 'add' | 'remove') =>
      entries.map((entry) => store.index[change](entry.kind, entry.name, id));
    await Promise.all([...each(added, 'add'), ...each(removed, 'remove')]);
    if (isUntold) await gateway.close(before.endpoint, id);
    const isLeft =
      state === undefined
        ? await store.connections.remove(id, name)
        : await store.connections.leave(id, name, encodeState(state), dueAtMs(this.#ports, state));
    if (!isLeft) {
      // Who has it by now sends the client back.
      this.#ports.engine.log.warn({ client: id }, 'a visit of a connection took longer than its lease');
    }
  }
}

/** The lease of one visit, prolonged while that lasts. */
class Lease {
  readonly name: string;
  readonly #ports: FunctionPorts;
  #endsAtMs = 0;
  #stop: () => void = () => undefined;
  #isOver = false;

  constructor(
    ports: FunctionPorts,
    readonly id: string,
  ) {
    this.#ports = ports;
    this.name = ports.engine.random.id();
  }

  /** By the monotonic clock; somebody else may have it afterwards. */
  get endsAtMs(): number {
    return this.#endsAtMs;
  }

  async take(event: ClientEvent | undefined) {
    const { store, times } = this.#ports;
    const endsAtMs = this.#endIfAskedNow();
    const taken = await store.connections.take(this.id, { lease: this.name, leaseMs: times.leaseMs, event });
    if (taken.kind === 'taken') {
      this.#endsAtMs = endsAtMs;
      this.#prolongLater();
    }
    return taken;
  }

  /** Idempotent. */
  stop(): void {
    this.#isOver = true;
    this.#stop();
  }

  #endIfAskedNow(): number {
    const { engine, times } = this.#ports;
    return engine.clock.nowMs() + times.leaseMs * (1 - leaseMargin);
  }

  #prolongLater(): void {
    const { engine, times } = this.#ports;
    this.#stop = engine.clock.schedule(() => void this.#prolong(), times.leaseMs / 3);
  }

  async #prolong(): Promise<void> {
    const { store, times, engine } = this.#ports;
    const endsAtMs = this.#endIfAskedNow();
    try {
      const isHeld = await store.connections.hold(this.id, this.name, times.leaseMs);
      this.#endsAtMs = isHeld ? endsAtMs : 0;
    } catch (error) {
      engine.log.warn({ err: error, client: this.id }, 'a lease was not prolonged');
    }
    if (!this.#isOver) this.#prolongLater();
  }
}

/** The commands before those of an event, and how fast they are done. */
class Queue {
  #first: { readonly lastCommand: number; readonly atMs: number } | undefined;
  /** Half of the time until it is its turn; 0 while nobody knows. */
  waitMs = 0;

  constructor(private readonly event: Work['event']) {}

  /** The newest command that has arrived is this. */
  saw(lastCommand: number, atMs: number): void {
    this.#first ??= { lastCommand, atMs };
    const numDone = lastCommand - this.#first.lastCommand;
    const numBefore = (this.event?.firstCommand ?? 0) - 1 - lastCommand;
    const isKnown = numDone > 0 && numBefore > 0;
    this.waitMs = isKnown ? Math.min(maxTurnPauseMs, ((atMs - this.#first.atMs) / numDone) * numBefore * 0.5) : 0;
  }
}
