/** `rpc`: calls one of the application's procedures. */

import { errorCodes } from '../../../model/codes.js';
import { joinLeaveProcedure, ownProcedures } from '../../../model/join-leave-wish.js';
import { JsonSource } from '../../../model/json-source.js';
import { type JsonPayload, payloadJson } from '../../../model/payload.js';
import type { ReplyBody } from '../../../model/reply.js';
import { streamProcedure } from '../../../model/stream-call.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { encodeMessage } from '../../channels/publishing.js';
import { badArgument, procedureForUsers, refusedByProcedure, unknownProcedure } from '../../channels/refusal-lines.js';
import { type RpcContext, type RpcDeclaration, RpcError, type RpcFallback } from '../../channels/rpc-options.js';
import { issuePath } from '../../channels/schema-mismatch.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { runJoinLeave } from './join-leave.js';
import { runStream, type StreamPorts } from './stream.js';

/** The procedures. The fallback may change later. */
export interface RpcPorts extends StreamPorts {
  readonly procedures: ReadonlyMap<string, RpcDeclaration>;
  readonly procedureFallback: RpcFallback | undefined;
}

export async function runRpc(
  ports: RpcPorts,
  session: Session,
  method: string,
  data: JsonPayload | undefined,
): Promise<ReplyBody | Denied> {
  if (method.startsWith(ownProcedures)) {
    if (method === joinLeaveProcedure) return runJoinLeave(ports, session, data);
    if (method === streamProcedure) return runStream(ports, session, data);
    return refuse(errorCodes.methodNotFound, unknownProcedure(method));
  }
  const { procedures, procedureFallback } = ports;
  const procedure = procedures.get(method);
  const source = data === undefined ? undefined : new JsonSource(payloadJson(data), false);
  if (procedure === undefined) {
    if (procedureFallback === undefined) {
      const error = procedures.size === 0 ? errorCodes.notAvailable : errorCodes.methodNotFound;
      return refuse(error, unknownProcedure(method));
    }
    const answer = await procedureFallback(method, source, contextOf(session));
    return answer.ok ? { kind: 'rpc', data: resultOf(answer.data) } : { ...answer, why: refusedByProcedure(method) };
  }
  const { allow = 'user', input, run } = procedure.options;
  if (allow === 'user' && session.user === '') {
    return refuse(errorCodes.permissionDenied, procedureForUsers(method));
  }
  let argument = source?.value;
  if (input !== undefined) {
    const outcome = await input['~standard'].validate(argument);
    if (outcome.issues !== undefined) {
      return refuse(errorCodes.badRequest, badArgument(method, issuePath(outcome.issues[0])));
    }
    argument = outcome.value;
  }
  try {
    return { kind: 'rpc', data: resultOf(await run(argument, contextOf(session))) };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message, temporary } = error;
    return refuse({ code, message, temporary }, refusedByProcedure(method));
  }
}

/** @throws FanfareError `ERR_MESSAGE_INVALID` */
function resultOf(value: unknown): JsonPayload | undefined {
  return value === undefined ? undefined : encodeMessage(value);
}

function contextOf(session: Session): RpcContext {
  const { user, client, meta, transport, handshake } = session;
  const { headers, remoteAddress } = handshake;
  const context = { user: user === '' ? null : user, client, meta, transport, headers, remoteAddress };
  return withJsonBehind(context, session[jsonBehind]);
}
