/** A fleet with its broker, clients, publishers and observers, in one thread under one scheduler, as a plan has it. */

import type { WebSocketConstructor } from '../../../src/client/connect-options.js';
import { payloadText } from '../../../src/model/payload.js';
import { Faults } from '../../chaos/checker/faults.js';
import { HistoryChecker } from '../../chaos/checker/history-checker.js';
import { mapFaults } from '../../chaos/checker/map-checker.js';
import type { FaultEffects, Happening } from '../../chaos/history.js';
import { SeededRandom } from '../../chaos/seeded-random.js';
import { usageOf } from '../../support/engine/usage.js';
import { ClientNet } from '../network/client-net.js';
import { simFetch } from '../network/sim-http.js';
import { simWebSocket } from '../network/sim-websocket.js';
import type { Plan } from '../plan/plan.js';
import type { BrokerServer } from '../servers/broker-server.js';
import { makeServer } from '../servers/make-server.js';
import { installGlobals } from '../time/virtual-globals.js';
import { VirtualTime } from '../time/virtual-time.js';
import { Actions } from './actions.js';
import { Fleet } from './fleet.js';
import { Grounds } from './grounds.js';
import { Observers } from './observers.js';
import { PolicyCheck } from './policy-check.js';
import { Publishers } from './publishers.js';
import { checkerLimits, limits } from './rules.js';
import { SimClient, valueIn } from './sim-client.js';
import { Timeline } from './timeline.js';

/** From the end of all faults until everybody is back and has everything. */
export const convergeMs = 40_000;
/** Nodes and clients come up before anything is done to them. */
const startMs = 4_000;
/** What was acknowledged so long ago has arrived, if nothing is wrong. */
const deliveryGraceMs = 3_000;
const markerEveryMs = 1_000;
/** Until nodes have let go of what nobody uses. */
const emptyMs = 12_000;
/** Until the broker has as present who is there, from the time to live of entries on; or until all nodes are heard again. */
const presenceMs = { kept: 14_000, asked: 5_000 };
/** With less calm, clients may have to try for long before they find a node that works. */
const survivorMs = 45_000;
/** Steps between two looks at bounds. */
const lookEvery = 16;

export interface Failure {
  readonly line: string;
  readonly atMs: number;
  readonly text: string;
}

export interface Outcome {
  /** The first violation; absent if all went well. */
  readonly failure: Failure | undefined;
  readonly numSteps: number;
  readonly virtualMs: number;
  readonly numDelivered: number;
  /** From the end of all faults until everybody had everything. */
  readonly convergedMs: number;
  readonly timeline: Timeline;
}

export class SimWorld {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly server: BrokerServer;
  readonly fleet: Fleet;
  readonly clients: SimClient[] = [];
  readonly channels: readonly string[];
  readonly checker: HistoryChecker;
  readonly policies: PolicyCheck;
  readonly publishers: Publishers;
  readonly timeline = new Timeline(() => this.time.nowMs);
  readonly #faults = new Faults();
  readonly #actions = new Actions(this);
  readonly #observers = new Observers(this);
  readonly #nets = new Map<string, ClientNet>();
  /** What nodes do to clients, and whether they had a reason. */
  readonly grounds = new Grounds(this, this.#faults);
  /** When everybody's channels had taken something that was sent after everything had healed. */
  #tookMs: number | undefined;
  #numFaults = 0;
  #failure: Failure | undefined;
  #numReported = 0;

  private constructor(private readonly plan: Plan) {
    this.random = new SeededRandom(plan.seed * 40_503 + 7);
    const stream = (salt: number) => new SeededRandom(plan.seed * 7_919 + salt);
    this.checker = new HistoryChecker({ ...checkerLimits, survivorMs });
    this.server = makeServer(plan.broker, this.time, stream(1));
    this.channels = [...new Set(plan.clients.flatMap(({ channels }) => channels))];
    this.fleet = new Fleet(plan.numNodes, {
      time: this.time,
      server: this.server,
      random: stream(2),
      limits: { ...limits, maxConnectionsPerUser: plan.maxConnectionsPerUser },
      timeline: this.timeline,
      onEnded: (process, isSilent) => {
        this.server.net?.nodeEnded(process);
        for (const net of this.#nets.values()) net.nodeEnded(process, isSilent);
      },
      report: (text) => this.report('log', text),
    });
    this.policies = new PolicyCheck({
      nowMs: () => this.time.nowMs,
      mayMiss: (subscriber, sinceMs) => this.grounds.mayMiss(subscriber, sinceMs),
      isFlooded: () => this.publishers.numLarge(5_000) > 0,
      report: (text) => this.report(text.split(' ')[0] ?? '', text),
    });
    const { time, fleet, policies } = this;
    this.publishers = new Publishers({ time, fleet, random: stream(3), policies, record: this.record });
    for (let n = 0; n < plan.clients.length; n++) this.#nets.set(`c${n + 1}`, new ClientNet(this.time, stream(10 + n)));
  }

  /** Does what the plan says, and whatever follows from it; with the globals of this process, which nobody else may use meanwhile. */
  static async run(plan: Plan): Promise<Outcome> {
    const world = new SimWorld(plan);
    const ports = {
      balancer: world.fleet,
      pick: (client: string) => world.fleet.pick(client),
      netOf: (client: string) => world.#netOf(client),
      schedule: (task: () => void, delayMs: number) => void world.time.schedule(task, delayMs),
    };
    const restore = installGlobals(world.time, new SeededRandom(plan.seed * 31 + 5), simFetch(ports));
    const onRejection = (error: unknown) =>
      world.report('crash', `unhandled: ${error instanceof Error ? error.stack : String(error)}`);
    process.on('unhandledRejection', onRejection);
    try {
      return await world.#run(simWebSocket(ports));
    } finally {
      restore();
      process.off('unhandledRejection', onRejection);
    }
  }

  readonly record = (happening: Happening): void => {
    const event = { ...happening, atMs: this.time.nowMs };
    this.timeline.event(event);
    if (event.kind === 'fault-began' || event.kind === 'fault-ended') this.#faults.observe(event);
    this.checker.observe(event);
    if (event.kind === 'connected') this.grounds.checkConnected(event.subscriber);
    if (event.kind === 'publish-ok') this.grounds.published(event.channel);
  };

  /** Something is wrong from now on. @returns says that it is over */
  fault(name: string, effects: FaultEffects): () => void {
    const fault = String(++this.#numFaults);
    this.record({ kind: 'fault-began', fault, name, effects });
    return () => this.record({ kind: 'fault-ended', fault });
  }

  report(line: string, text: string): void {
    this.#failure ??= { line, atMs: this.time.nowMs, text };
  }

  async #run(websocket: WebSocketConstructor): Promise<Outcome> {
    const { plan, time } = this;
    for (const place of this.fleet.places) place.start();
    await this.#pass(startMs / 2);
    for (const [n, client] of plan.clients.entries()) this.clients.push(this.#client(n, client, websocket));
    await this.#pass(startMs / 2);
    this.#observers.start();
    const beganMs = time.nowMs;
    for (const { atMs, action } of plan.steps) time.schedule(() => this.#actions.perform(action), atMs);
    await this.#pass(plan.activeMs);
    const convergedMs = this.#failure === undefined ? await this.#converge() : 0;
    if (this.#failure === undefined) await this.#judge();
    if (this.#failure === undefined) await this.#end();
    return {
      failure: this.#failure,
      numSteps: time.numSteps,
      virtualMs: time.nowMs - beganMs,
      numDelivered: this.checker.numDelivered,
      convergedMs,
      timeline: this.timeline,
    };
  }

  #client(n: number, plan: Plan['clients'][number], websocket: WebSocketConstructor): SimClient {
    const name = `c${n + 1}`;
    return new SimClient(n, plan, {
      time: this.time,
      net: this.#netOf(name),
      websocket,
      policies: this.policies,
      record: this.record,
      nodeOf: (client) => this.fleet.nodeOf(client, this.clients[n]?.connection),
      onClosed: (client, code) => this.grounds.checkClosed(client, code),
      onDoubt: (client, channel) => this.grounds.checkDoubt(client, channel),
    });
  }

  /** Everything heals; publications go on, until everybody is back and has everything. @returns how long it took */
  async #converge(): Promise<number> {
    const { time } = this;
    this.#actions.heal();
    this.timeline.add('*', 'everything heals');
    if (this.plan.isHushed === true) {
      // G2: the checker says of whom it is too late.
      await this.#passUntil(
        () => this.#hasEverything,
        convergeMs,
        markerEveryMs,
        () => this.#bringBack(),
      );
    }
    const healedMs = time.nowMs;
    let nextMarkerMs = 0;
    // Orders that were given before may still have clients on their way back.
    while (time.nowMs - healedMs < convergeMs && this.#failure === undefined) {
      if (time.nowMs >= nextMarkerMs) {
        this.#bringBack();
        for (const channel of this.channels)
          if (!channel.startsWith('map:')) this.publishers.publish(channel, 0, false);
        nextMarkerMs = time.nowMs + markerEveryMs;
      }
      await this.#pass(250);
      if (this.#hasConverged(healedMs)) return time.nowMs - healedMs;
    }
    const behind = this.checker.behind(time.nowMs - deliveryGraceMs);
    const away = this.clients.flatMap((client) =>
      client.channelNames.filter((name) => !client.subscribed.has(name)).map((name) => `${client.name} in ${name}`),
    );
    this.report(
      'convergence',
      `${convergeMs} ms after the last fault: behind ${behind.join(', ') || 'nobody'}; not subscribed ${away.join(', ') || 'nobody'}; nodes up: ${this.fleet.up.map(({ name }) => name).join(', ')}`,
    );
    return convergeMs;
  }

  /** Nodes and clients that have ended. */
  #bringBack(): void {
    for (const place of this.fleet.places) place.start();
    for (const client of this.clients) client.again();
  }

  get #isEverybodyIn(): boolean {
    return this.clients.every((client) => client.channelNames.every((name) => client.subscribed.has(name)));
  }

  /** Everybody is in, and has everything that came in time. */
  get #hasEverything(): boolean {
    return this.#isEverybodyIn && this.checker.behind(this.time.nowMs - deliveryGraceMs).length === 0;
  }

  #hasConverged(sinceMs: number): boolean {
    const { nowMs } = this.time;
    const streams = this.channels.filter((name) => /^(stream|recover|plain):/.test(name));
    if (!this.checker.haveTakenSince(streams, sinceMs)) return false;
    this.#tookMs ??= nowMs;
    // Who waits on a connection that is gone has something to wait for by then.
    const byMs = nowMs - deliveryGraceMs;
    if (byMs < this.#tookMs || this.fleet.up.length < this.plan.numNodes) return false;
    if (this.fleet.up.some(({ isReady }) => !isReady)) return false;
    return this.#isEverybodyIn && this.checker.behind(byMs).length === 0 && !this.policies.isBehind(byMs);
  }

  /** The last look: nobody misses anything, presence is right, and maps are what the broker has. */
  async #judge(): Promise<void> {
    this.publishers.stop();
    // What was lost of presence is back, and ghosts are gone.
    let isRight = (): boolean => false;
    await this.#passUntil(
      () => isRight(),
      this.server.keepsPresence ? presenceMs.kept : presenceMs.asked,
      1_000,
      () => {
        isRight = this.#observers.viewAll();
      },
    );
    this.#observers.viewAll();
    for (const channel of this.channels) if (/^(stream|recover):/.test(channel)) this.#viewHistory(channel);
    await this.#pass(deliveryGraceMs);
    // What was wrong before may still have ended a connection, whose client is on its way back, or may have swallowed the last word.
    await this.#passUntil(() => this.#hasEverything, convergeMs, 250);
    this.checker.settle(this.time.nowMs, this.time.nowMs - deliveryGraceMs);
    this.policies.check(this.time.nowMs - deliveryGraceMs);
    this.#takeViolations();
    for (const [channel, calls] of this.publishers.calls) {
      const [fault] = mapFaults(calls, []);
      if (fault !== undefined) this.report('maps', `${channel}: ${fault}`);
    }
    for (const channel of this.channels) if (channel.startsWith('map:')) await this.#checkMap(channel);
  }

  #viewHistory(channel: string): void {
    const [node] = this.fleet.up;
    node?.node.operations.history(channel, { limit: -1, reverse: false }).then(
      ({ top, publications }) => {
        const kept = publications.map(({ offset, data }) => ({
          offset,
          value: valueIn(JSON.parse(payloadText(data))),
        }));
        this.record({ kind: 'history-view', channel, top, publications: kept });
      },
      (error: unknown) => this.report('G7', `the history of ${channel} cannot be read: ${String(error)}`),
    );
  }

  /** Everybody has the keys that the broker has. */
  async #checkMap(channel: string): Promise<void> {
    const [node] = this.fleet.up;
    if (node === undefined) return;
    const real = new Map<string, unknown>();
    let isRead = false;
    const read = async () => {
      for (let after = 0; ; ) {
        const { state, next } = await node.node.operations.readMap(channel, { after, limit: 5 });
        for (const { key, data } of state.entries) real.set(key ?? '', JSON.parse(payloadText(data)));
        if (next === 0) break;
        after = next;
      }
      isRead = true;
    };
    read().catch((error: unknown) => this.report('maps', `${channel} cannot be read: ${String(error)}`));
    await this.#passUntil(() => isRead, 2_000, 100);
    if (!isRead) this.report('maps', `${channel} is not read in 2 s`);
    if (!isRead) return;
    const others = JSON.stringify([...real].sort());
    const ownOf = ({ maps }: SimClient) => JSON.stringify([...(maps.get(channel) ?? real)].sort());
    // A client may not know yet that its connection is dead.
    await this.#passUntil(() => this.clients.every((client) => ownOf(client) === others), convergeMs, 250);
    for (const client of this.clients) {
      const own = ownOf(client);
      if (own !== others) this.report('maps', `${client.name} has ${own} of ${channel}, and the broker ${others}`);
    }
  }

  /** Everybody goes: nothing is left on the nodes, which end. F20. */
  async #end(): Promise<void> {
    this.#observers.stop();
    for (const client of this.clients) client.close();
    await this.#passUntil(() => this.#leftovers().length === 0, emptyMs, 500);
    for (const text of this.#leftovers()) this.report('F20', text);
    for (const { node } of this.fleet.alive)
      node.close(1_000).catch((error: unknown) => this.report('crash', String(error)));
    await this.#pass(1_500);
  }

  #leftovers(): string[] {
    const left = this.fleet.alive.flatMap(({ name, node }) => {
      const { hub, sessions, interest, seats, deadlines, connectDeadlines, pings } = node.ports;
      const counts: Readonly<Record<string, number>> = {
        channels: hub.numChannels,
        sessions: sessions.size,
        'rules in use': usageOf(node.ports).length,
        interests: interest.size,
        'users with seats': seats.numUsers,
        'users that are counted for others': seats.numCounted,
        deadlines: deadlines.size + connectDeadlines.size,
        'connections to ping': pings.size,
      };
      const texts = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
      return texts.length === 0 ? [] : [`${name} still has ${texts.join(', ')}`];
    });
    const { numHeld } = this.server;
    return numHeld === 0 ? left : [...left, `the broker still has ${numHeld} subscriptions to channels`];
  }

  /** Lets time pass until it is so, or for so long. @param before each look */
  async #passUntil(isSo: () => boolean, ms: number, everyMs: number, before?: () => void): Promise<void> {
    const untilMs = this.time.nowMs + ms;
    while (this.time.nowMs < untilMs && this.#failure === undefined) {
      before?.();
      await this.#pass(everyMs);
      if (isSo()) return;
    }
  }

  /** Lets time pass, until something is wrong. */
  async #pass(ms: number): Promise<void> {
    let untilLook = lookEvery;
    await this.time.run(this.time.nowMs + ms, () => {
      if (--untilLook <= 0) {
        untilLook = lookEvery;
        this.#observers.step();
      }
      this.#takeViolations();
      return this.#failure === undefined;
    });
  }

  #takeViolations(): void {
    const { violations } = this.checker;
    if (violations.length === this.#numReported) return;
    this.#numReported = violations.length;
    const [first] = violations;
    if (first !== undefined) this.report(first.line, first.text);
  }

  #netOf(client: string): ClientNet {
    const net = this.#nets.get(client);
    if (net === undefined) throw new Error(`no such client: ${client}`);
    return net;
  }
}
