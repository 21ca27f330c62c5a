/** The answer to every question of the kind "may it?": of authentication, of a rule, of a hook, of a command. */

import type { Disconnect, ErrorReply } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';

/**
 * A no. An `error` is the reply to the command, and its client may try again; a `disconnect` closes the connection.
 * `why` is for the log, and never sent.
 */
export type Denied = { readonly ok: false; readonly why?: RefusalLine | undefined } & (
  | { readonly error: ErrorReply }
  | { readonly disconnect: Disconnect }
);

/** A yes with what is granted, or a no. Expected refusals are returned as this; what is thrown is a fault. */
export type Decision<Granted extends object = object> = ({ readonly ok: true } & Granted) | Denied;

/** A no with one of the protocol's errors. */
export function refuse(error: ErrorReply, why?: RefusalLine): Denied {
  return { ok: false, error, why };
}
