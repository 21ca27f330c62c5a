/** `publish`: one message to one channel. */

import * as v from 'valibot';
import type { Published } from '../../../engine/ports/broker.js';
import { publicationFields, publicationOf } from '../fields.js';
import { apiMethod } from '../method.js';

export const publish = apiMethod(
  'publish',
  0,
  v.object({ channel: v.string(), ...publicationFields }),
  async ({ channel, ...fields }, { operations }) => {
    const { data, options } = publicationOf(fields);
    return publishedText(await operations.publish(channel, data, options));
  },
);

/** The position of the publication; empty if it has none. */
export function publishedText({ position: { offset, epoch } }: Published): string {
  return JSON.stringify(offset === 0 ? {} : { offset, epoch });
}
