/** Publications in messages of JSON: bytes are base64 there. What has JSON already is passed on as it is. */

import type { HistoryPage } from '../../engine/ports/broker.js';
import { type AnswerPart, partData } from '../../model/answer-part.js';
import { type JsonText, trustedJsonText } from '../../model/json-text.js';
import { isBytes, type Payload, payloadFromText, payloadText } from '../../model/payload.js';

interface HasData {
  readonly data: Payload;
  readonly part?: AnswerPart;
}

const nothing = trustedJsonText('null');

export type Carried<Publication extends HasData> = Omit<Publication, 'data'> & {
  readonly data: JsonText;
  readonly bytes?: true;
  readonly part?: AnswerPart;
};

export interface CarriedPage extends Omit<HistoryPage, 'publications'> {
  readonly publications: readonly Carried<HistoryPage['publications'][number]>[];
}

export function carried<Publication extends HasData>(publication: Publication): Carried<Publication> {
  const { data, part } = publication;
  // Its data is made of the part again.
  if (part !== undefined) return { ...publication, data: nothing };
  // safe: the data is JSON text
  if (!isBytes(data)) return publication as Publication & { readonly data: JsonText };
  return { ...publication, data: payloadText(data), bytes: true };
}

export function uncarried<Publication extends HasData>(message: Carried<Publication>): Publication {
  const { bytes, ...publication } = message;
  // safe: with the data that is made of its part, it is what it was
  if (message.part !== undefined) return { ...publication, data: partData(message.part) } as unknown as Publication;
  // safe: with the data that it had, it is what it was
  return (bytes ? { ...publication, data: payloadFromText(message.data, true) } : message) as unknown as Publication;
}

export function carriedPage(page: HistoryPage): CarriedPage {
  return { ...page, publications: page.publications.map(carried) };
}

export function uncarriedPage(page: CarriedPage): HistoryPage {
  return { ...page, publications: page.publications.map((publication) => uncarried(publication)) };
}
