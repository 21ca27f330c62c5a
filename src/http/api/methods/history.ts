/** `history` and `history_remove`: the publications that a channel keeps. */

import * as v from 'valibot';
import { historyText } from '../../../protocols/centrifugal/json-encode.js';
import { flag, integer, position } from '../fields.js';
import { apiMethod } from '../method.js';

const params = v.object({ channel: v.string(), limit: integer, since: v.nullish(position), reverse: flag });

/** Without a limit, only the position. */
export const history = apiMethod('history', 6, params, async ({ channel, limit, since, reverse }, { operations }) => {
  const { publications, top } = await operations.history(channel, {
    limit,
    reverse,
    ...(since && { since: since.epoch === '' ? { offset: since.offset } : since }),
  });
  return historyText({ publications, epoch: top.epoch, offset: top.offset }, 'b64data');
});

export const historyRemove = apiMethod(
  'history_remove',
  7,
  v.object({ channel: v.string() }),
  ({ channel }, { operations }) => operations.removeHistory(channel),
);
