/** `rpc`: calls one of the application's procedures. */

import { errorCodes } from '../../model/codes.js';
import { joinLeaveProcedure, ownProcedures } from '../../model/join-leave-wish.js';
import { fromJsonText, type JsonText, toJsonText } from '../../model/json-text.js';
import type { ReplyBody } from '../../model/reply.js';
import { denialOf } from '../permissions.js';
import { type RpcContext, RpcError } from '../rpc-options.js';
import type { Session } from '../session.js';
import { runJoinLeave } from './join-leave.js';
import { refuse, refuseBy } from './target.js';

export async function runRpc(session: Session, method: string, data: JsonText | undefined): Promise<ReplyBody> {
  if (method.startsWith(ownProcedures)) {
    return method === joinLeaveProcedure ? runJoinLeave(session, data) : refuse(errorCodes.methodNotFound).reply;
  }
  const { procedures, procedureFallback } = session.node;
  const procedure = procedures.get(method);
  let argument: unknown = data === undefined ? undefined : fromJsonText(data);
  if (procedure === undefined) {
    if (procedureFallback === undefined) {
      return refuse(procedures.size === 0 ? errorCodes.notAvailable : errorCodes.methodNotFound).reply;
    }
    const answer = await procedureFallback(method, argument, contextOf(session));
    const denial = denialOf(answer);
    if (denial !== undefined) return refuseBy(session, denial).reply;
    return { kind: 'rpc', data: 'data' in answer ? toJsonText(answer.data) : undefined };
  }
  const { allow = 'user', input, run } = procedure.options;
  if (allow === 'user' && session.user === '') return refuse(errorCodes.permissionDenied).reply;
  if (input !== undefined) {
    const outcome = await input['~standard'].validate(argument);
    if (outcome.issues !== undefined) return refuse(errorCodes.badRequest).reply;
    argument = outcome.value;
  }
  try {
    return { kind: 'rpc', data: toJsonText(await run(argument, contextOf(session))) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message, temporary } = error;
    return refuse({ code, message, temporary }).reply;
  }
}

function contextOf({ user, client, meta, transport, handshake }: Session): RpcContext {
  const { headers, remoteAddress } = handshake;
  return { user: user === '' ? null : user, client, meta, transport, headers, remoteAddress };
}
