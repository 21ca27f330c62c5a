/** The numbers of the game, which server, page and bots share. Lengths are in units of the arena, angles in radians. */

/** Steps of the simulation in a second. */
export const stepsPerSec = 60;
/** A tick, which is what clients are sent, comes after so many steps: 20 in a second. */
export const stepsPerTick = 3;
export const tickMs = (1_000 * stepsPerTick) / stepsPerSec;

export const arenaWidth = 3_200;
export const arenaHeight = 2_000;

/** Ships of one room: the codec has a byte for their places. */
export const maxShips = 50;

export const ship = {
  radius: 18,
  turnPerSec: 3.8,
  thrustPerSec2: 560,
  /** Share of the speed that is left after a second without thrust. */
  glide: 0.42,
  maxSpeed: 430,
  /** Share of the speed that is left after a wall. */
  bounce: 0.55,
  /** Hits that it bears; the next one destroys it. */
  shields: 3,
  respawnSec: 1.6,
  /** After it has come, nobody can hit it, unless it fires. */
  safeSec: 2,
} as const;

export const shot = { speed: 760, lifeSec: 0.85, pauseSec: 0.22, radius: 5 } as const;

export const gem = { count: 28, radius: 11, margin: 70 } as const;

export const points = { gem: 1, hit: 2, kill: 10 } as const;

/** A player that is silent for so long is away: its ship stays where it is, and nobody can hit it. */
export const awayAfterSec = 1;
/** It keeps its place for so long. */
export const keepSeatSec = 12;
