/** Publications in messages of JSON: bytes are base64 there. What has JSON already is passed on as it is. */

import type { HistoryPage } from '../../engine/ports/broker.js';
import type { JsonText } from '../../model/json-text.js';
import { isBytes, type Payload, payloadFromText, payloadText } from '../../model/payload.js';

interface HasData {
  readonly data: Payload;
}

export type Carried<Publication extends HasData> = Omit<Publication, 'data'> & {
  readonly data: JsonText;
  readonly bytes?: true;
};

export interface CarriedPage extends Omit<HistoryPage, 'publications'> {
  readonly publications: readonly Carried<HistoryPage['publications'][number]>[];
}

export function carried<Publication extends HasData>(publication: Publication): Carried<Publication> {
  const { data } = publication;
  // safe: the data is JSON text
  if (!isBytes(data)) return publication as Publication & { readonly data: JsonText };
  return { ...publication, data: payloadText(data), bytes: true };
}

export function uncarried<Publication extends HasData>(message: Carried<Publication>): Publication {
  const { bytes, ...publication } = message;
  // safe: with the data that it had, it is what it was
  return (bytes ? { ...publication, data: payloadFromText(message.data, true) } : message) as unknown as Publication;
}

export function carriedPage(page: HistoryPage): CarriedPage {
  return { ...page, publications: page.publications.map(carried) };
}

export function uncarriedPage(page: CarriedPage): HistoryPage {
  return { ...page, publications: page.publications.map((publication) => uncarried(publication)) };
}
