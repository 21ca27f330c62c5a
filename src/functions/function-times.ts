/** Times of functions, in milliseconds. */

export interface FunctionTimes {
  /** How long a function that has died keeps others from its connection. Prolonged while it works. Default: 10 seconds. */
  readonly leaseMs: number;
  /** How long an event waits for its connection. Default: 20 seconds, of the 29 that API Gateway gives it. */
  readonly patienceMs: number;
  /** How long commands wait for earlier ones of the same client that have not arrived. Default: 1 second. */
  readonly orderMs: number;
  /** Age at which a mark means that a function has died before it had delivered a publication. Default: 15 seconds. */
  readonly lateMs: number;
  /** Time between two looks at a connection that is present in a channel. Default: 60 seconds. */
  readonly presenceCheckMs: number;
  /** Age of the last ping at which the sweep sends another. Default: 8 minutes; API Gateway closes after 10 of silence. */
  readonly pingMs: number;
}

export const defaultTimes: FunctionTimes = {
  leaseMs: 10_000,
  patienceMs: 20_000,
  orderMs: 1_000,
  lateMs: 15_000,
  presenceCheckMs: 60_000,
  pingMs: 480_000,
};

/** Of the sweep, which EventBridge starts once a minute at most, and of everything that it may be late. */
const sweepMs = 60_000;

/** What clients are told about pings: the longest time between two. */
export function toldPingMs({ pingMs }: Pick<FunctionTimes, 'pingMs'>): number {
  return pingMs + sweepMs;
}

/** How long an entry in presence lives: two looks may be missed. */
export function presenceTtlMs({ presenceCheckMs }: Pick<FunctionTimes, 'presenceCheckMs'>): number {
  return 3 * Math.max(presenceCheckMs, sweepMs);
}
