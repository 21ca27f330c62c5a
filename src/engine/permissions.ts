/** Answers whether a client may do something, by the rule of its channel. */

import type { ChannelName } from '../model/channel-name.js';
import type { PermissionContext, PermissionName } from './channel-options.js';
import type { RuleMatch } from './rules.js';

/** Who asks. */
export interface Asker {
  /** Empty for an anonymous connection. */
  readonly user: string;
  readonly client: string;
  readonly meta: unknown;
  isSubscribed(channel: ChannelName): boolean;
}

/** What the functions of a rule are told of the asker. */
export function permissionContext(asker: Asker, channel: ChannelName, match: RuleMatch): PermissionContext {
  return {
    user: asker.user === '' ? null : asker.user,
    client: asker.client,
    channel,
    params: match.params,
    meta: asker.meta,
  };
}

/** Decides the permissions that need no function. */
export function isAllowedByName(permission: PermissionName, asker: Asker, channel: ChannelName): boolean {
  switch (permission) {
    case 'anyone':
      return true;
    case 'user':
      return asker.user !== '';
    case 'subscriber':
      return asker.isSubscribed(channel);
    case 'nobody':
      return false;
  }
}

/** Decides by name or by asking the application. Only `true` is yes: what a function forgets to return is a no. */
export async function isAllowed<Context extends PermissionContext>(
  permission: PermissionName | ((context: Context) => unknown),
  asker: Asker,
  channel: ChannelName,
  context: () => Context,
): Promise<boolean> {
  if (typeof permission !== 'function') return isAllowedByName(permission, asker, channel);
  return (await permission(context())) === true;
}
