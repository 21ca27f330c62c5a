/** Translates personal channels. */

import type { Draft } from './draft.js';
import { type Fields, fieldsOf, textOf } from './values.js';

const from = 'client.subscribe_to_user_personal_channel';

/** The namespace of personal channels, which may be none (an empty text); `undefined` when there are no such channels. */
export function personalNamespace(options: Fields): string | undefined {
  const personal = fieldsOf(fieldsOf(options.client).subscribe_to_user_personal_channel);
  return personal.enabled === true ? textOf(personal.personal_channel_namespace) : undefined;
}

export function addPersonalChannel(options: Fields, draft: Draft): void {
  const namespace = personalNamespace(options);
  if (namespace === undefined) return;
  draft.set('personal.channel', namespace === '' ? '#{user}' : `${namespace}:#{user}`);
  const client = fieldsOf(options.client);
  if (fieldsOf(client.subscribe_to_user_personal_channel).single_connection !== true) return;
  draft.set('personal.singleConnection', true);
  if (client.user_connection_limit !== 1) return;
  draft.unset('limits.maxConnectionsPerUser');
  draft.change(
    'client.user_connection_limit',
    `${from}.single_connection is enough: a newer connection ends the older one`,
  );
}
