/** The result of every permission check: by authentication, a rule, a hook, a command. */

import type { Disconnect, ErrorReply } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';

/**
 * A refusal. An `error` is the reply to the command, and the client may try again; a `disconnect` closes the
 * connection. `why` is for the log and never sent.
 */
export type Denied = { readonly ok: false; readonly why?: RefusalLine | undefined } & (
  | { readonly error: ErrorReply }
  | { readonly disconnect: Disconnect }
);

/** A permission with its grant, or a refusal. Expected refusals are returned; exceptions are faults. */
export type Decision<Granted extends object = object> = ({ readonly ok: true } & Granted) | Denied;

/** A refusal with one of the protocol's errors. */
export function refuse(error: ErrorReply, why?: RefusalLine): Denied {
  return { ok: false, error, why };
}
