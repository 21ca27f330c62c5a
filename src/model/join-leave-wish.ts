/** A built-in procedure with which an existing subscription turns joins and leaves on or off. */

/** Prefix of built-in procedures, which applications cannot use. */
export const ownProcedures = 'fanfare.';

export const joinLeaveProcedure = 'fanfare.joinLeave';

/** Its argument; the result is `{ joinLeave }`: whether the subscription is told of them from now on. */
interface JoinLeaveWish {
  readonly channel: string;
  readonly joinLeave: boolean;
}

/** `undefined` for anything else. */
export function toJoinLeaveWish(value: unknown): JoinLeaveWish | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { channel, joinLeave } = value as Readonly<Record<string, unknown>>; // safe: every object may be read so
  return typeof channel === 'string' && typeof joinLeave === 'boolean' ? { channel, joinLeave } : undefined;
}
