/** A player's place in a room: its ship, its name and its score. */

import type { Bot } from '../game/bot.js';
import { InputQueue } from '../game/input-queue.js';

/** What everybody in the room sees of a player: a value of the scoreboard. */
export interface Score {
  readonly slot: number;
  readonly name: string;
  readonly isBot: boolean;
  readonly points: number;
  readonly kills: number;
  readonly deaths: number;
}

export class Seat {
  points = 0;
  kills = 0;
  deaths = 0;
  /** Whether the scoreboard has yet to be told. */
  isChanged = true;
  readonly inputs = new InputQueue();

  /** @param bot absent: somebody plays */
  constructor(
    readonly user: string,
    readonly slot: number,
    readonly name: string,
    readonly bot?: Bot,
  ) {}

  get score(): Score {
    const { slot, name, bot, points, kills, deaths } = this;
    return { slot, name, isBot: bot !== undefined, points, kills, deaths };
  }
}
