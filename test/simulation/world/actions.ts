/** Does what a plan says to a fleet, and tells the checker what each of it may cause; everything else is a violation. */

import { assertNever } from '../../../src/model/assert-never.js';
import type { FaultEffects } from '../../chaos/history.js';
import type { Action } from '../plan/plan.js';
import { Orders } from './orders.js';
import type { SimClient } from './sim-client.js';
import type { SimWorld } from './sim-world.js';

/** F1, and until somebody has seen it. */
const survivorMs = 6_000;
/** So long a node that has heard nothing for a while does not judge others by their silence. */
const doubtMs = 6_000;

export class Actions {
  /** Undoes what is still wrong. */
  readonly #open = new Set<() => void>();
  readonly #orders: Orders;
  #isOver = false;
  /** Everything but the usual coming and going. */
  #numDisturbances = 0;

  constructor(private readonly world: SimWorld) {
    this.#orders = new Orders(world);
  }

  /** Everything that is wrong is over. */
  heal(): void {
    this.#isOver = true;
    for (const end of [...this.#open]) end();
  }

  perform(action: Action): void {
    const { world } = this;
    if (!['publish', 'change', 'churn'].includes(action.kind)) this.#numDisturbances++;
    const { server } = world;
    switch (action.kind) {
      case 'publish': {
        const { channel, by, size, isRace } = action;
        const client = by === 'server' ? undefined : world.clients[by];
        if (client === undefined) world.publishers.publish(channel, size, isRace);
        else world.publishers.publishBy(client, channel, size);
        return;
      }
      case 'change':
        void world.publishers.change(action.channel, action.key, action.removes, action.expects);
        return;
      case 'churn':
        this.#churn(action.client, action.channel, action.awayMs);
        return;
      case 'cut':
        world.clients[action.client]?.net.breakAll();
        return;
      case 'storm':
        for (const { net } of world.clients) net.breakAll();
        return;
      case 'vanish': {
        const { client, hole, isForGood, lastsMs } = action;
        this.#ofClient(client, `F8 packets of c${client + 1} vanish (${hole})`, lastsMs, ({ net }) =>
          net.vanish(hole, isForGood),
        );
        return;
      }
      case 'stall':
        this.#ofClient(action.client, `F9 c${action.client + 1} reads nothing`, action.lastsMs, ({ net }) =>
          net.stall(),
        );
        return;
      case 'order':
        void this.#orders.disconnect(action);
        return;
      case 'revoke':
        void this.#orders.revoke(action);
        return;
      case 'kill':
        this.#kill(action.node, action.isSilent, action.awayMs);
        return;
      case 'pause':
        this.#pause(action.node, action.lastsMs);
        return;
      case 'roll':
        this.#roll(action.node);
        return;
      case 'jumpClock':
        this.#jump(action.node, action.byMs, action.lastsMs);
        return;
      case 'partition':
        this.#partition(action);
        return;
      case 'breakLines':
        this.#break(action.node, action.purpose);
        return;
      case 'restartBroker':
        this.#restart(action);
        return;
      case 'pauseBroker':
        this.#pauseBroker(action.lastsMs);
        return;
      case 'slowBroker': {
        const { net } = server;
        if (net === undefined) return;
        // What is answered late may be looked for elsewhere.
        this.#lasting(
          `the broker is ${action.factor} times as slow`,
          this.#asked({ cuts: this.#names }),
          action.lastsMs,
          () => {
            net.slowness = action.factor;
            return () => {
              net.slowness = 1;
            };
          },
        );
        return;
      }
      case 'wipe':
        if (server.wipe === undefined) return;
        server.wipe();
        this.#brief('the broker is emptied', { losesHistory: 'all', losesPresence: true });
        return;
      case 'replica':
        server.takeReplica?.();
        // It excuses nothing.
        this.#brief('the broker gets its first replica', {});
        return;
      case 'meddle':
        server.fates?.push(...action.fates);
        // It excuses nothing.
        this.#brief(`F19 deliveries: ${action.fates.join(', ')}`, {});
        return;
      default:
        assertNever(action);
    }
  }

  get #names(): string[] {
    return this.world.fleet.places.map(({ name }) => name);
  }

  /** Where nobody keeps who is present, nodes are asked, of whom some may not answer. */
  #asked(effects: FaultEffects): FaultEffects {
    return this.world.server.keepsPresence ? effects : { ...effects, hidesPresence: true };
  }

  /** @returns ends it before its time */
  #lasting(name: string, effects: FaultEffects, lastsMs: number, begin: () => () => void): () => void {
    const over = this.world.fault(name, effects);
    const undo = begin();
    const end = () => {
      if (!this.#open.delete(end)) return;
      undo();
      over();
    };
    this.#open.add(end);
    this.world.time.schedule(end, lastsMs);
    return end;
  }

  #brief(name: string, effects: FaultEffects): void {
    const over = this.world.fault(name, effects);
    this.world.time.schedule(over, 1);
  }

  #churn(client: number, channel: string, awayMs: number): void {
    const one = this.world.clients[client];
    if (one === undefined) return;
    if (!one.channelNames.includes(channel)) {
      one.open(channel);
      return;
    }
    one.leave(channel);
    this.world.time.schedule(() => one.open(channel), awayMs);
  }

  #ofClient(client: number, name: string, lastsMs: number, begin: (client: SimClient) => void): void {
    const one = this.world.clients[client];
    if (one === undefined) return;
    // What it cannot hear, its presence cannot follow.
    this.#lasting(name, { hidesPresence: true }, lastsMs, () => {
      begin(one);
      return () => one.net.heal();
    });
  }

  #kill(node: number, isSilent: boolean, awayMs: number): void {
    const place = this.world.fleet.places[node];
    if (place?.current === undefined || place.current.process.isPaused) return;
    const { name } = place;
    if (!isSilent) this.#expectSurvivors(name);
    // Who polls learns of it after the others have, which takes longer than presence is kept here.
    const losses = this.world.server.kind === 'memory' ? ({ losesHistory: 'all', losesPresence: true } as const) : {};
    const effects = isSilent
      ? { silences: [name], cuts: [name], losesPresence: true }
      : { kills: [name], losesPresence: true };
    this.#lasting(
      `F1 ${name} ${isSilent ? 'and its machine are' : 'is'} gone`,
      this.#asked({ ...effects, ...losses }),
      awayMs,
      () => {
        place.kill(isSilent);
        return () => place.start();
      },
    );
  }

  /** Clients of a node that is about to end are soon elsewhere, if nothing else is wrong. */
  #expectSurvivors(name: string): void {
    const { clients, fleet, grounds, time } = this.world;
    const numBefore = this.#numDisturbances;
    // Who has been deaf a moment ago, or is now, knows nothing of the silence of others.
    const wellSinceMs = time.nowMs - doubtMs;
    const isCalm = this.#open.size === 0 && fleet.up.length > 1;
    const orphans = clients.flatMap((client) => {
      const { name: own, connection } = client;
      const isThere = connection !== undefined && fleet.has(connection) && fleet.nodeOf(own, connection) === name;
      return isThere ? [{ client, connection }] : [];
    });
    time.schedule(() => {
      if (!isCalm || this.#numDisturbances !== numBefore || grounds.wasWayImpaired(wellSinceMs)) return;
      // Who believes to have its connection still is no better off than who has none.
      const lost = orphans.find(({ client, connection }) => {
        return !client.isFinal && (client.connection ?? connection) === connection;
      });
      if (lost !== undefined)
        this.world.report('F1', `${lost.client.name} is not connected ${survivorMs} ms after ${name} was killed`);
    }, survivorMs);
  }

  #pause(node: number, lastsMs: number): void {
    const place = this.world.fleet.places[node];
    // One that leaves has to be gone in time.
    if (place?.isUp !== true || place.current?.process.isPaused === true) return;
    const { name } = place;
    this.world.grounds.expectAnyClose(lastsMs);
    this.#lasting(
      `F6 ${name} stands still`,
      this.#asked({ silences: [name], cuts: [name], losesPresence: true }),
      lastsMs,
      () => {
        place.pause();
        return () => place.resume();
      },
    );
  }

  #roll(node: number): void {
    const place = this.world.fleet.places[node];
    if (place?.isUp !== true || place.current?.process.isPaused === true || this.world.fleet.up.length < 2) return;
    this.#lasting(`F12 ${place.name} is replaced`, this.#asked({}), 8_000, () => {
      place.roll();
      return () => undefined;
    });
  }

  #jump(node: number, byMs: number, lastsMs: number): void {
    const process = this.world.fleet.places[node]?.current?.process;
    if (process === undefined) return;
    this.world.grounds.expectAnyClose(lastsMs + 10_000);
    this.#lasting(`F13 the clock of n${node + 1} jumps by ${byMs / 1_000} s`, {}, lastsMs, () => {
      process.wallOffsetMs += byMs;
      return () => {
        process.wallOffsetMs -= byMs;
      };
    });
  }

  #partition({ node, direction, purpose, lastsMs }: Extract<Action, { kind: 'partition' }>): void {
    const place = this.world.fleet.places[node];
    const { net } = this.world.server;
    const process = place?.current?.process;
    if (place === undefined || process === undefined || net === undefined || net.isBlocked(process)) return;
    const name = `F4 black hole between ${place.name} and the broker (${purpose ?? 'all'}, ${direction})`;
    const end = this.#lasting(name, this.#asked({ cuts: [place.name], losesPresence: true }), lastsMs, () => {
      net.block(process, direction, purpose);
      return () => net.unblock(process);
    });
    // Whoever takes its place has connections of its own.
    process.onKilled(end);
  }

  #break(node: number, purpose: string | undefined): void {
    const place = this.world.fleet.places[node];
    const { net } = this.world.server;
    const process = place?.current?.process;
    if (place === undefined || process === undefined || net === undefined) return;
    const over = this.world.fault(
      `F5 connections of ${place.name} with the broker break (${purpose ?? 'all'})`,
      this.#asked({ cuts: [place.name] }),
    );
    net.breakLines((line) => line.node === process && (purpose === undefined || line.purpose === purpose));
    this.world.time.schedule(over, 3_000);
  }

  #restart({ loss, lagMs, awayMs }: Extract<Action, { kind: 'restartBroker' }>): void {
    const { server, time } = this.world;
    const { net } = server;
    if (net === undefined || net.isDown || net.server.isPaused) return;
    server.beginLagging?.();
    time.schedule(() => {
      if (this.#isOver || net.isDown || net.server.isPaused) return;
      const effects = {
        cuts: this.#names,
        losesHistory: loss === 'all' ? 'all' : 'some',
        losesPresence: true,
      } as const;
      const none = this.world.fault(`F2 the broker ends, with a loss of ${loss}`, this.#asked(effects));
      this.#lasting('F2 no broker', this.#asked({ stopsBroker: true, cuts: this.#names }), awayMs, () => {
        server.stop?.(loss);
        return () => {
          server.start?.();
          // Until every node has noticed.
          time.schedule(none, 5_000);
        };
      });
    }, lagMs);
  }

  #pauseBroker(lastsMs: number): void {
    const process = this.world.server.net?.server;
    if (process === undefined || process.isPaused) return;
    const effects = this.#asked({ cuts: this.#names, losesPresence: lastsMs > 10_000 });
    this.#lasting('F6 the broker stands still', effects, lastsMs, () => {
      process.pause();
      return () => process.resume();
    });
  }
}
