/** `revoke_token`, `invalidate_user_tokens`, `block_user`, `unblock_user`: refuses tokens and users. */

import * as v from 'valibot';
import { notAvailable } from '../api-error.js';
import { text, timeFrom, unixTime } from '../fields.js';
import { apiMethod } from '../method.js';

/** Not empty, which would be all anonymous clients. */
const user = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));

export const revokeToken = apiMethod(
  'revoke_token',
  20,
  v.object({ uid: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)), expire_at: unixTime }),
  ({ uid, expire_at: expireAt }, { operations }) =>
    operations.revoke({ kind: 'token', tokenId: uid, ...timeFrom('untilMs', expireAt) }),
);

export const invalidateUserTokens = apiMethod(
  'invalidate_user_tokens',
  21,
  v.object({ user, issued_before: unixTime, expire_at: unixTime, channel: text }),
  async ({ user, issued_before: issuedBefore, expire_at: expireAt, channel }, { operations }) => {
    if (channel !== '') throw notAvailable('channel is not supported: all tokens of the user are meant');
    const beforeMs = issuedBefore === 0 ? Date.now() : issuedBefore * 1_000;
    await operations.revoke({ kind: 'userTokens', user, beforeMs, ...timeFrom('untilMs', expireAt) });
  },
);

export const blockUser = apiMethod(
  'block_user',
  18,
  v.object({ user, expire_at: unixTime }),
  ({ user, expire_at: expireAt }, { operations }) =>
    operations.revoke({ kind: 'user', user, ...timeFrom('untilMs', expireAt) }),
);

export const unblockUser = apiMethod('unblock_user', 19, v.object({ user }), ({ user }, { operations }) =>
  operations.unblock(user),
);
