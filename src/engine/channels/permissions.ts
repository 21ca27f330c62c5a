/** Answers whether a client may do something with a channel: by its capabilities, by the rule, or by the application. */

import type { ChannelName } from '../../model/channel-name.js';
import { type Disconnect, errorCodes } from '../../model/codes.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import { type Capability, isCapable } from '../names/capabilities.js';
import type { ConnectedClient } from '../ports/authenticator.js';
import { type Decision, type Denied, refuse } from '../ports/decision.js';
import type { Denial, PermissionContext, PermissionName } from './channel-options.js';
import { jsonBehindOf, withJsonBehind } from './json-behind.js';
import { deniedByRule, limitedToUsers } from './refusal-lines.js';
import type { Question } from './rule.js';

/** The client that asks. */
export interface Asker extends ConnectedClient {
  /** Absent: only what the rules allow. */
  readonly capabilities: readonly Capability[] | undefined;
  isSubscribed(channel: ChannelName): boolean;
}

const granted = { ok: true } as const;

/** The context of a rule's functions. */
export function permissionContext(asker: Asker, { channel, rule }: Question): PermissionContext {
  const { handshake } = asker;
  const context: PermissionContext = {
    user: asker.user === '' ? null : asker.user,
    client: asker.client,
    channel,
    params: rule.pattern.match(channel) ?? {},
    meta: asker.meta,
    transport: asker.transport,
    headers: handshake.headers,
    remoteAddress: handshake.remoteAddress,
  };
  return withJsonBehind(context, { meta: jsonBehindOf(asker)?.meta });
}

/** Whether the decision can be made without asking a function; `undefined` when it cannot. */
export function decideByName(
  permission: PermissionName | 'token' | ((...args: never[]) => unknown),
  asker: Asker,
  question: Question,
): Decision | undefined {
  const { action, channel, rule } = question;
  if (rule.userLimited && !isAmongUsers(asker.user, channel)) {
    return refuse(errorCodes.permissionDenied, limitedToUsers(question));
  }
  const { capabilities } = asker;
  if (capabilities !== undefined && isCapable(capabilities, action, channel)) return granted;
  if (action === 'subscribe' && rule.userLimited && channel.includes(userBoundary)) return granted;
  switch (permission) {
    case 'anyone':
      return granted;
    case 'user':
      return asker.user === '' ? refuseByRule(question, permission) : granted;
    case 'subscriber':
      return asker.isSubscribed(channel) ? granted : refuseByRule(question, permission);
    case 'nobody':
      return refuseByRule(question, permission);
    default:
      return undefined;
  }
}

/** What a permission function may answer. */
type PermissionAnswer<Grant extends object> = boolean | Grant | Denial;

type PermissionFunction<Context, Grant extends object = never> = (
  context: Context,
) => PermissionAnswer<Grant> | Promise<PermissionAnswer<Grant>>;

/** Asks the application. Only `true` and a grant permit; a forgotten return value refuses. */
export async function decideByFunction<Context, Grant extends object>(
  permission: PermissionFunction<Context, Grant>,
  context: Context,
  question: Question,
): Promise<Decision<{ readonly grant?: Grant }>> {
  const answer = await permission(context);
  if (answer === true) return granted;
  if (typeof answer !== 'object' || answer === null) return refuseByRule(question, permission);
  if (isDenying(answer)) {
    return denialOf(answer, deniedByRule(question, permission)) ?? refuseByRule(question, permission);
  }
  // safe: not a denial, so it is the grant
  return { ok: true, grant: answer as Grant };
}

/** Whether an answer is a refusal, even a malformed one: `{ error: 'not you' }` must not pass for a grant. */
export function isDenying(answer: object): boolean {
  return 'error' in answer || 'disconnect' in answer;
}

/** The refusal in an answer of the application, if the answer is a well-formed one. */
export function denialOf(answer: object, why?: RefusalLine): Denied | undefined {
  if ('error' in answer && isError(answer.error)) {
    const { code, message, temporary } = answer.error;
    return { ok: false, error: { code, message, temporary: temporary === true }, why };
  }
  if ('disconnect' in answer && isDisconnect(answer.disconnect)) {
    return { ok: false, disconnect: answer.disconnect, why };
  }
  return undefined;
}

/** Decides by name or by asking. */
export async function decide<Context>(
  permission: PermissionName | PermissionFunction<Context>,
  asker: Asker,
  question: Question,
  context: () => Context,
): Promise<Decision> {
  const byName = decideByName(permission, asker, question);
  if (byName !== undefined) return byName;
  // safe: all names are decided
  const verdict = await decideByFunction(permission as PermissionFunction<Context>, context(), question);
  // There is nothing to grant but permission, so an object is a mistake.
  return verdict.ok && verdict.grant !== undefined ? refuseByRule(question, permission) : verdict;
}

function refuseByRule(question: Question, permission: unknown): Denied {
  return refuse(errorCodes.permissionDenied, deniedByRule(question, permission));
}

const userBoundary = '#';

/** A name that ends in `#42,43` is for these users; others are not limited. */
function isAmongUsers(user: string, channel: ChannelName): boolean {
  const boundary = channel.lastIndexOf(userBoundary);
  if (boundary === -1) return true;
  return (
    user !== '' &&
    channel
      .slice(boundary + 1)
      .split(',')
      .includes(user)
  );
}

function isError(
  value: unknown,
): value is { readonly code: number; readonly message: string; readonly temporary?: unknown } {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('message' in value)) return false;
  return isCode(value.code, 1, 65_535) && typeof value.message === 'string';
}

function isDisconnect(value: unknown): value is Disconnect {
  if (typeof value !== 'object' || value === null || !('code' in value) || !('reason' in value)) return false;
  // What a close frame may carry (RFC 6455 section 7.4.2).
  return isCode(value.code, 3_000, 4_999) && typeof value.reason === 'string';
}

function isCode(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}
