/** `rpc`: calls one of the application's procedures. */

import { errorCodes } from '../../../model/codes.js';
import { joinLeaveProcedure, ownProcedures } from '../../../model/join-leave-wish.js';
import { JsonSource } from '../../../model/json-source.js';
import type { JsonText } from '../../../model/json-text.js';
import type { ReplyBody } from '../../../model/reply.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { denialOf } from '../../channels/permissions.js';
import { encodeMessage } from '../../channels/publishing.js';
import { badArgument, procedureForUsers, refusedByProcedure, unknownProcedure } from '../../channels/refusal-lines.js';
import { type RpcContext, RpcError } from '../../channels/rpc-options.js';
import { issuePath } from '../../channels/schema-mismatch.js';
import type { Session } from '../session.js';
import { runJoinLeave } from './join-leave.js';
import { refuse, refuseBy } from './target.js';

export async function runRpc(session: Session, method: string, data: JsonText | undefined): Promise<ReplyBody> {
  if (method.startsWith(ownProcedures)) {
    return method === joinLeaveProcedure
      ? runJoinLeave(session, data)
      : refuse(errorCodes.methodNotFound, unknownProcedure(method)).reply;
  }
  const { procedures, procedureFallback } = session.node;
  const procedure = procedures.get(method);
  const source = data === undefined ? undefined : new JsonSource(data, false);
  if (procedure === undefined) {
    if (procedureFallback === undefined) {
      const error = procedures.size === 0 ? errorCodes.notAvailable : errorCodes.methodNotFound;
      return refuse(error, unknownProcedure(method)).reply;
    }
    const answer = await procedureFallback(method, source, contextOf(session));
    const denial = denialOf(answer);
    if (denial !== undefined) return refuseBy(session, denial, refusedByProcedure(method)).reply;
    return { kind: 'rpc', data: 'data' in answer ? resultOf(answer.data) : undefined };
  }
  const { allow = 'user', input, run } = procedure.options;
  if (allow === 'user' && session.user === '') {
    return refuse(errorCodes.permissionDenied, procedureForUsers(method)).reply;
  }
  let argument = source?.value;
  if (input !== undefined) {
    const outcome = await input['~standard'].validate(argument);
    if (outcome.issues !== undefined) {
      return refuse(errorCodes.badRequest, badArgument(method, issuePath(outcome.issues[0]))).reply;
    }
    argument = outcome.value;
  }
  try {
    return { kind: 'rpc', data: resultOf(await run(argument, contextOf(session))) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message, temporary } = error;
    return refuse({ code, message, temporary }, refusedByProcedure(method)).reply;
  }
}

/** @throws FanfareError `ERR_MESSAGE_INVALID` */
function resultOf(value: unknown): JsonText | undefined {
  return value === undefined ? undefined : encodeMessage(value);
}

function contextOf(session: Session): RpcContext {
  const { user, client, meta, transport, handshake } = session;
  const { headers, remoteAddress } = handshake;
  const context = { user: user === '' ? null : user, client, meta, transport, headers, remoteAddress };
  return withJsonBehind(context, session[jsonBehind]);
}
