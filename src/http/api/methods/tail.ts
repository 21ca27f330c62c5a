/** `tail`: what is published to a channel, as it is published. */

import * as v from 'valibot';
import type { TailEntry } from '../../../engine/inspection/tails.js';
import { payloadFromText } from '../../../model/payload.js';
import { publicationText } from '../../../protocols/centrifugal/json-encode.js';
import { cursorField, cursorText, placeOf } from '../cursor.js';
import { apiMethod } from '../method.js';

const place = v.object({ node: v.string(), after: v.pipe(v.number(), v.integer(), v.minValue(0)) });

export const tail = apiMethod(
  'tail',
  undefined,
  v.object({ channel: v.string(), cursor: cursorField }),
  async ({ channel, cursor }, { inspection }) => {
    const { node, lastSeq, isCut, entries } = await inspection.tail(channel, placeOf(place, cursor));
    // Publications are already JSON text and are embedded unchanged.
    const list = entries.map(entryText).join(',');
    const next = JSON.stringify(cursorText({ node, after: lastSeq }));
    return `{"publications":[${list}],"cursor":${next},"cut":${isCut}}`;
  },
);

function entryText({ seq, atMs, data, bytes, offset, info, tags }: TailEntry): string {
  const payload = payloadFromText(data, bytes === true);
  const publication = publicationText(
    { data: payload, offset, ...(info && { info }), ...(tags && { tags }) },
    undefined,
    'b64data',
  );
  return `{"id":${seq},"time":${atMs / 1_000},${publication.slice(1)}`;
}
