/**
 * Redis Cluster: which server has which slot, through redirections, moved slots and fail-overs. Subscriptions follow
 * their slots, and those that may have missed something are reported.
 */

import type { KeptKinds, Published } from '../../engine/ports/broker.js';
import type { Cancel } from '../../engine/ports/clock.js';
import { pause } from '../../engine/time/pause.js';
import { withTimeLimit } from '../../engine/time/time-limit.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { BrokerPorts } from '../ports.js';
import type { Endpoint } from '../server-address.js';
import { ClusterMembers, type Member } from './cluster-members.js';
import type { ClusterSurvey } from './cluster-survey.js';
import { type ClusterView, ownersOf } from './cluster-view.js';
import { type Redirect, redirectOf, redisError } from './failures.js';
import { controlTag, type Keys } from './keys.js';
import type { OutgoingPublication } from './publish-command.js';
import type { Route } from './route.js';
import type { Sending, Shard, ShardOptions } from './shard.js';
import { numSlots, slotOf } from './slots.js';
import type { Topology } from './topology.js';

interface ClusterOptions {
  readonly survey: ClusterSurvey;
  readonly keys: Keys;
  readonly timeoutMs: number;
  readonly makeShard: (endpoint: Endpoint, own: Pick<ShardOptions, 'probeBus' | 'groupOf' | 'onStrayed'>) => Shard;
  /** These subscriptions may have missed something, and work again. */
  readonly onInterrupted: (buses: readonly string[]) => void;
}

/** Interval at which servers are asked for their slots: normally, and after an error. */
const calmIntervalMs = 3_000;
const troubledIntervalMs = 500;
/** Shortest pause between two questions, in any case. */
const minIntervalMs = 200;
/** Pause before a command to a slot that is being moved is repeated. */
const laterMs = 50;
const maxRedirects = 5;

export class ClusterTopology implements Topology {
  readonly #options: ClusterOptions;
  readonly #ports: BrokerPorts;
  readonly #members: ClusterMembers;
  readonly #owners = new Array<Member | undefined>(numSlots).fill(undefined);
  /** Current and pending subscriptions, on any server. */
  readonly #wanted = new Set<string>();
  /** Those of them that no server delivers at present. */
  readonly #strays = new Set<string>();
  readonly #probeTags: string;
  #probeTag = 0;
  #isRehoming = false;
  #isClosed = false;
  #isAsking = false;
  #shallAskAgain = false;
  #round: Cancel | undefined;
  #roundAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ClusterOptions, ports: BrokerPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#probeTags = ports.random.id();
    this.#members = new ClusterMembers({
      clock: ports.clock,
      leaveAfterMs: options.timeoutMs,
      make: (endpoint, has) =>
        options.makeShard(endpoint, {
          probeBus: this.#probeBus(has),
          groupOf: slotOf,
          onStrayed: (buses) => this.#strayed(buses),
        }),
    });
  }

  async start(): Promise<void> {
    const { clock } = this.#ports;
    try {
      this.#apply([await this.#options.survey.first()]);
      const all = Promise.all(this.#members.all().map(({ opening }) => opening));
      await withTimeLimit(clock, this.#options.timeoutMs, 'the servers of the cluster', all);
    } catch (error) {
      this.close();
      throw redisError(error);
    }
    this.#askIn(calmIntervalMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#round?.();
    this.#members.close();
    this.#wanted.clear();
    this.#strays.clear();
  }

  routeOf(channel: ChannelName): Route {
    return this.#route(slotOf(this.#options.keys.bus(channel)));
  }

  controlRoute(): Route {
    return this.#route(slotOf(`{${controlTag}}`));
  }

  probe(): Promise<void> {
    return this.#probeEach((shard) => shard.probe());
  }

  probeKeeping(kinds: KeptKinds): Promise<void> {
    return this.#probeEach((shard) => shard.probeKeeping(kinds));
  }

  async #probeEach(probe: (shard: Shard) => Promise<void>): Promise<void> {
    try {
      if (this.#owners.includes(undefined)) throw new FanfareError('ERR_BROKER', 'redis: nobody has some of the slots');
      await Promise.all([...new Set(this.#owners)].map((member) => member && probe(member.shard)));
    } catch (error) {
      this.#askIn(minIntervalMs);
      throw error;
    }
  }

  #route(slot: number): Route {
    return {
      run: (script, keys, args) => this.#directed(slot, (shard, sending) => shard.run(script, keys, args, sending)),
      send: (command) => this.#directed(slot, (shard, sending) => shard.send(command, sending)),
      publish: (publication) => this.#publish(slot, publication),
      subscribe: (bus) => this.#subscribe(slot, bus),
      unsubscribe: (bus) => this.#unsubscribe(bus),
    };
  }

  /** One command for each publication: all keys of a command must be in one slot. */
  async #publish(slot: number, publication: OutgoingPublication): Promise<Published> {
    const [outcome] = await this.#directed(slot, (shard, sending) => shard.publishNow([publication], sending));
    if (outcome instanceof FanfareError) throw outcome;
    // safe: there is one for each
    return outcome as Published;
  }

  async #subscribe(slot: number, bus: string): Promise<void> {
    this.#wanted.add(bus);
    this.#strays.delete(bus);
    try {
      await this.#directed(slot, (shard) => shard.subscribe(bus));
    } catch (error) {
      this.#wanted.delete(bus);
      throw error;
    }
  }

  async #unsubscribe(bus: string): Promise<void> {
    this.#wanted.delete(bus);
    this.#strays.delete(bus);
    const having = this.#members.all().filter(({ shard }) => shard.subscriptions.has(bus));
    await Promise.all(having.map(({ shard }) => shard.unsubscribe(bus)));
  }

  /** Follows redirections: a server that redirects has done nothing. */
  async #directed<T>(slot: number, work: (shard: Shard, sending: Sending) => Promise<T>): Promise<T> {
    const { clock } = this.#ports;
    const untilMs = clock.nowMs() + this.#options.timeoutMs;
    let member = this.#owners[slot];
    let isAsking = false;
    for (let redirects = 0; ; ) {
      try {
        if (member === undefined) throw new FanfareError('ERR_BROKER', `redis: nobody has slot ${slot}`);
        await this.#members.reached(member, untilMs - clock.nowMs());
        return await work(member.shard, { isAsking });
      } catch (error) {
        const redirect = redirectOf(error);
        const isLate = redirects > maxRedirects || clock.nowMs() >= untilMs - laterMs;
        if (redirect === undefined || member === undefined || isLate || this.#isClosed) {
          this.#askIn(minIntervalMs);
          throw error;
        }
        isAsking = redirect.kind === 'ask';
        if (redirect.kind === 'later') {
          await pause(clock, laterMs);
          member = this.#owners[slot];
        } else {
          redirects++;
          member = this.#redirected(redirect, member);
        }
      }
    }
  }

  #redirected({ kind, slot, endpoint }: Extract<Redirect, { slot: number }>, from: Member): Member {
    // A server that does not know its name means the host under which it was reached.
    const named = { ...endpoint, host: endpoint.host || from.endpoint.host };
    const member = this.#members.at(named, (candidate) => candidate === slot);
    if (kind === 'moved') {
      this.#owners[slot] = member;
      this.#askIn(minIntervalMs);
    }
    return member;
  }

  /** A bus channel that only this node uses, in a suitable slot. */
  #probeBus(fits: (slot: number) => boolean): string {
    for (;;) {
      const bus = this.#options.keys.probe(`${this.#probeTags}.${++this.#probeTag}`);
      if (fits(slotOf(bus))) return bus;
    }
  }

  #strayed(buses: readonly string[]): void {
    for (const bus of buses) if (this.#wanted.has(bus)) this.#strays.add(bus);
    this.#askIn(minIntervalMs);
  }

  /** Or earlier, if that is already planned. */
  #askIn(delayMs: number): void {
    if (this.#isAsking) this.#shallAskAgain = true;
    const atMs = this.#ports.clock.nowMs() + delayMs;
    if (this.#isClosed || this.#isAsking || this.#roundAtMs <= atMs) return;
    this.#round?.();
    this.#roundAtMs = atMs;
    this.#round = this.#ports.clock.schedule(() => void this.#ask(), delayMs);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#shallAskAgain = false;
    this.#roundAtMs = Number.POSITIVE_INFINITY;
    try {
      this.#apply(await this.#options.survey.all(this.#members.all()));
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'no server of the redis cluster says who has what');
    } finally {
      this.#isAsking = false;
    }
    void this.#rehome();
    const isTroubled = this.#strays.size > 0 || this.#owners.some((member) => member?.shard.isUp !== true);
    this.#askIn(this.#shallAskAgain ? minIntervalMs : isTroubled ? troubledIntervalMs : calmIntervalMs);
  }

  #apply(views: readonly ClusterView[]): void {
    if (this.#isClosed) return;
    const endpoints = ownersOf(views);
    const members = new Map<Endpoint | undefined, Member | undefined>([[undefined, undefined]]);
    for (const [slot, endpoint] of endpoints.entries()) {
      if (endpoint !== undefined && !members.has(endpoint)) {
        members.set(
          endpoint,
          this.#members.at(endpoint, (candidate) => endpoints[candidate] === endpoint),
        );
      }
      this.#owners[slot] = members.get(endpoint);
    }
    const owning = new Set(this.#owners);
    for (const member of this.#members.all()) {
      const { subscriptions } = member.shard;
      // Without an owner, there is no better server.
      const isElsewhere = (slot: number) => (this.#owners[slot] ?? member) !== member;
      for (const bus of subscriptions.release(isElsewhere)) if (this.#wanted.has(bus)) this.#strays.add(bus);
      if (!owning.has(member)) this.#members.leave(member);
      else if (this.#owners[slotOf(subscriptions.probeBus)] !== member) {
        subscriptions.probeThrough(this.#probeBus((slot) => this.#owners[slot] === member));
      }
    }
  }

  /** Subscribes strays at their slots' new servers, and then reports them as interrupted. */
  async #rehome(): Promise<void> {
    if (this.#isRehoming || this.#isClosed || this.#strays.size === 0) return;
    this.#isRehoming = true;
    const homed: string[] = [];
    const attempts = [...this.#strays].map(async (bus) => {
      try {
        await this.#directed(slotOf(bus), (shard) => shard.subscribe(bus));
        if (!this.#wanted.has(bus)) await this.#unsubscribe(bus);
        else if (this.#strays.delete(bus)) homed.push(bus);
      } catch (error) {
        // It stays a stray, and the next round tries again.
        this.#ports.log.debug({ err: error }, 'redis cluster: something is not listened to yet');
      }
    });
    await Promise.all(attempts);
    this.#isRehoming = false;
    if (homed.length > 0 && !this.#isClosed) this.#options.onInterrupted(homed);
  }
}
