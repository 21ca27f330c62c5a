/**
 * The rooms of one node. Each room belongs to one node, which makes its steps and tells its ticks. A room whose node is gone is
 * taken over by one that has readers of it, from its last tick and its scoreboard.
 */

import { randomInt, randomUUID } from 'node:crypto';
import { keepSeatSec, maxShips, stepsPerSec, stepsPerTick } from '../game/rules.js';
import { chooseRoom, type OpenRoom } from './matchmaking.js';
import type { RoomHold, RoomNetwork, Ticket } from './network.js';
import { Room, type RoomState } from './room.js';
import { StepClock } from './step-clock.js';

export interface RoomsOptions {
  /** Most players of a room, 2 to 50. Default: 10. */
  readonly capacity?: number;
  /** Bots make it so many ships, up to 50. 0: no bots. Default: 6. */
  readonly fillTo?: number;
  /** How long the place of a player who is away is kept. Default: 12. */
  readonly keepSeatSec?: number;
  /** Of what is random in the rooms. Default: a random one for each room. */
  readonly seed?: number;
  /** Gets what goes wrong in the background: the broker is away, for instance. Default: nobody. */
  readonly onError?: (error: unknown) => void;
}

/** A room that this node has. */
interface OwnRoom {
  readonly room: Room;
  readonly hold: RoomHold;
  /** Steps, shifted, so that not all rooms have their ticks in the same turn. */
  steps: number;
}

const renewEverySteps = stepsPerSec;
const tellScoresEverySteps = stepsPerSec / 2;
const attemptsToSit = 12;

export class Rooms {
  readonly #own = new Map<string, OwnRoom>();
  readonly #options: RoomsOptions & Required<Omit<RoomsOptions, 'seed'>>;
  readonly #clock = new StepClock(() => this.#stepAll());
  #network: RoomNetwork | undefined;
  #begun: Promise<unknown> | undefined;
  #creating: Promise<string> | undefined;
  #isClosing = false;

  /** @throws RangeError naming an option that is out of its range */
  constructor(options: RoomsOptions) {
    this.#options = { capacity: 10, fillTo: 6, keepSeatSec, onError: () => undefined, ...options };
    const { capacity, fillTo } = this.#options;
    for (const [name, value, least] of [
      ['capacity', capacity, 2],
      ['fillTo', fillTo, 0],
    ] as const) {
      if (Number.isInteger(value) && value >= least && value <= maxShips) continue;
      throw new RangeError(`${name} must be a whole number from ${least} to ${maxShips}, and is ${value}`);
    }
  }

  /** Once, before anybody plays. */
  connect(network: RoomNetwork): void {
    this.#network = network;
  }

  /** The id of the room in which the user has a place from now on; `undefined` if none has one. @param wish any if absent */
  async play(ticket: Ticket, wish: string | undefined): Promise<string | undefined> {
    await this.#begin();
    const { capacity } = this.#options;
    const refused = new Set<string>();
    for (let attempt = 0; attempt < attemptsToSit; attempt++) {
      const open = await this.#open();
      const id = chooseRoom(open, { capacity, room: wish, refused }) ?? (await this.#create());
      if (await this.#sit(id, ticket)) return id;
      refused.add(id);
    }
    return undefined;
  }

  /** For those who look on: the room that was asked for, else the fullest; `undefined` if nobody plays. */
  async watch(wish: string | undefined): Promise<string | undefined> {
    return chooseRoom(await this.#open(), { capacity: Number.POSITIVE_INFINITY, room: wish });
  }

  /** Somebody on this node looks at a room: it has to belong to a node. */
  async keep(id: string): Promise<void> {
    await this.#begin();
    await this.#takeOver(id);
  }

  /** Nothing moves any more. */
  stop(): void {
    this.#isClosing = true;
    this.#clock.stop();
  }

  /** Leaves the rooms to other nodes, which go on from the last ticks. */
  async close(): Promise<void> {
    this.stop();
    const left = [...this.#own.values()].map(async (own) => {
      await Promise.all([own.hold.tellTick(own.room.tick()), own.hold.tellScores(own.room.takeChanges())]);
      await own.hold.release();
    });
    this.#own.clear();
    for (const outcome of await Promise.allSettled(left)) {
      if (outcome.status === 'rejected') this.#options.onError(outcome.reason);
    }
  }

  get #net(): RoomNetwork {
    if (this.#network === undefined) throw new Error('rooms need a network: call connect()');
    return this.#network;
  }

  #begin(): Promise<unknown> {
    this.#begun ??= this.#net.onFree((id) => this.#background(this.#takeOver(id)));
    return this.#begun;
  }

  #background(work: Promise<unknown>): void {
    work.catch(this.#options.onError);
  }

  /**
   * All rooms. Of its own this node knows more than what it told a second ago; and nobody else has them, also when it stood
   * still so long that what it told has ended: who comes back then still has a place in one.
   */
  async #open(): Promise<Iterable<OpenRoom>> {
    const rooms = new Map((await this.#net.rooms()).map((one) => [one.id, one]));
    for (const [id, { room }] of this.#own) rooms.set(id, { id, players: room.numPlayers });
    return rooms.values();
  }

  /** Those who come at the same time share one. */
  #create(): Promise<string> {
    this.#creating ??= this.#openAnother().finally(() => {
      this.#creating = undefined;
    });
    return this.#creating;
  }

  async #openAnother(): Promise<string> {
    const id = randomUUID().slice(0, 6);
    const hold = await this.#net.claim(id);
    if (hold !== undefined) await this.#run(id, hold);
    return id;
  }

  async #sit(id: string, ticket: Ticket): Promise<boolean> {
    const own = this.#own.get(id);
    if (own === undefined) return this.#net.join(id, ticket);
    const hasPlace = own.room.join(ticket.user, ticket.name);
    await own.hold.tellScores(own.room.takeChanges());
    return hasPlace;
  }

  async #takeOver(id: string): Promise<void> {
    if (this.#isClosing || this.#own.has(id)) return;
    const left = await this.#net.left(id);
    // A room that nobody plays in is left alone: a claim would only wake up the other nodes.
    if (!hasPlayers(left)) return;
    const hold = await this.#net.claim(id);
    if (hold !== undefined) await this.#run(id, hold, left);
  }

  async #run(id: string, hold: RoomHold, left?: RoomState): Promise<void> {
    const { seed = randomInt(2 ** 31) } = this.#options;
    const room = new Room({ ...this.#options, seed, left });
    await hold.serve({
      onInput: (user, input) => room.input(user, input),
      onTicket: ({ user, name }) => {
        room.join(user, name);
        this.#background(hold.tellScores(room.takeChanges()));
      },
    });
    if (this.#isClosing) return hold.release();
    this.#own.set(id, { room, hold, steps: this.#own.size % stepsPerTick });
    this.#clock.start();
  }

  #stepAll(): void {
    for (const [id, own] of this.#own) this.#step(id, own);
    if (this.#own.size === 0) this.#clock.stop();
  }

  #step(id: string, own: OwnRoom): void {
    const { room, hold } = own;
    own.steps++;
    room.step();
    if (own.steps % stepsPerTick === 0) this.#background(hold.tellTick(room.tick()));
    if (own.steps % tellScoresEverySteps === 0) this.#background(hold.tellScores(room.takeChanges()));
    if (own.steps % renewEverySteps === 0) this.#background(this.#renew(id, own));
  }

  async #renew(id: string, { room, hold }: OwnRoom): Promise<void> {
    if (!room.isAbandoned && (await hold.renew(room.numPlayers))) return;
    this.#own.delete(id);
    if (room.isAbandoned) await hold.end();
  }
}

function hasPlayers(left: RoomState | undefined): boolean {
  return left !== undefined && [...left.scores].some(([, { isBot }]) => !isBot);
}
