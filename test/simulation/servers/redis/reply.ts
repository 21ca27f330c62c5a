/** What a command of Redis answers. */

/** `OK` and the like, which functions see as a table and clients as text. */
export class Status {
  constructor(readonly text: string) {}
}

export type Reply = string | number | null | Status | Error | readonly Reply[];

/** As clients get it. @throws the error that it is */
export function shown(reply: Reply): unknown {
  if (reply instanceof Error) throw reply;
  if (reply instanceof Status) return reply.text;
  return Array.isArray(reply) ? reply.map(shown) : reply;
}
