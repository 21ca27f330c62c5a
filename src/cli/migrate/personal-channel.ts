/** Personal channels: each user's own, into which its clients are put. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, isUnset } from './values.js';

export function addPersonalChannel(options: Fields, draft: Draft): void {
  const personal = fieldsOf(fieldsOf(options.client).subscribe_to_user_personal_channel);
  if (personal.enabled !== true) return;
  const from = 'client.subscribe_to_user_personal_channel';
  draft.refuse(from, 'put `channels: ["#42"]` into the token of user 42, or answer with it in `hooks.connect`');
  if (!isUnset(personal.single_connection)) {
    draft.refuse(`${from}.single_connection`, 'set `limits.maxConnectionsPerUser`');
  }
}
