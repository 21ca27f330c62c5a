/** Which command is done where. */

import { assertNever } from '../../../model/assert-never.js';
import type { Command, InvalidCommand } from '../../../model/command.js';
import type { ReplyBody } from '../../../model/reply.js';
import { badField } from '../../channels/refusal-lines.js';
import { type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { runConnect } from './connect.js';
import { runHistory } from './history.js';
import { runPresence, runPresenceStats } from './presence.js';
import { runPublish } from './publish.js';
import { runRefresh } from './refresh.js';
import { runRpc } from './rpc.js';
import { runSend } from './send.js';
import { runSubRefresh } from './sub-refresh.js';
import { runSubscribe } from './subscribe.js';
import { runUnsubscribe } from './unsubscribe.js';

/** Whoever wrote the client sees there what is wrong. */
function refuseField(command: InvalidCommand): Denied {
  const { error, why } = command;
  return refuse({ ...error, message: `${error.message}: ${why}` }, badField(command));
}

/** `undefined`: there is no reply, or it has been sent already. What is thrown is a fault of ours, never the client's. */
export async function runCommand(session: Session, command: Command): Promise<ReplyBody | Denied | undefined> {
  switch (command.kind) {
    case 'connect':
      return runConnect(session, command.id, command.request);
    case 'subscribe':
      return runSubscribe(session, command.id, command.request);
    case 'unsubscribe':
      return runUnsubscribe(session, command.channel);
    case 'publish':
      return runPublish(session, command.channel, command.data);
    case 'presence':
      return runPresence(session, command.channel);
    case 'presenceStats':
      return runPresenceStats(session, command.channel);
    case 'history':
      return runHistory(session, command.request);
    case 'rpc':
      return runRpc(session, command.method, command.data);
    case 'refresh':
      return runRefresh(session, command.token);
    case 'subRefresh':
      return runSubRefresh(session, command.channel, command.token);
    case 'send':
      return runSend(session, command.data);
    case 'ping':
      return { kind: 'ping' };
    case 'invalid':
      return refuseField(command);
    case 'pong':
      return undefined;
    default:
      return assertNever(command);
  }
}
