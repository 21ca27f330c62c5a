/** `rpc`: calls one of the application's procedures. */

import { errorCodes } from '../../model/codes.js';
import { fromJsonText, type JsonText, toJsonText } from '../../model/json-text.js';
import type { ReplyBody } from '../../model/reply.js';
import type { Session } from '../session.js';
import { refuse } from './target.js';

export async function runRpc(session: Session, method: string, data: JsonText | undefined): Promise<ReplyBody> {
  const procedure = session.node.procedures.get(method);
  if (procedure === undefined) return refuse(errorCodes.methodNotFound).reply;
  const { allow = 'user', input, run } = procedure.options;
  if (allow === 'user' && session.user === '') return refuse(errorCodes.permissionDenied).reply;
  let argument: unknown = data === undefined ? undefined : fromJsonText(data);
  if (input !== undefined) {
    const outcome = await input['~standard'].validate(argument);
    if (outcome.issues !== undefined) return refuse(errorCodes.badRequest).reply;
    argument = outcome.value;
  }
  const user = session.user === '' ? null : session.user;
  const output = await run(argument, { user, client: session.client, meta: session.meta });
  return { kind: 'rpc', data: toJsonText(output) };
}
