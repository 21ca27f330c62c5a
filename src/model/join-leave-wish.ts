/** A procedure of the server's own: a subscription that is running asks for joins and leaves, or does without them. */

/** Names of procedures that begin so are not for applications. */
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
