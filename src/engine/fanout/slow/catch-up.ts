/** Reads on in the history for a slow reader that has missed more than is remembered: page by page, in order, each once. */

import { payloadLength } from '../../../model/payload.js';
import type { Publication } from '../../../model/publication.js';
import type { RefusalLine } from '../../../model/refusal-line.js';
import { brokerFailed, functionFailed, isBrokerFailure } from '../../channels/refusal-lines.js';
import { type HistoryPage, historyOf } from '../../ports/broker.js';
import type { Outbox } from '../outbox.js';
import type { Subscription } from '../subscription.js';
import { mostAroundData } from './backlog.js';
import type { SlowReader, SlowSource } from './slow-reader.js';
import type { SlowReaders } from './slow-readers.js';

/** Of a page, by the size of the publications of the one before. */
const pageBytes = 65_536;
const maxPageSize = 256;
/** What is written before a look whether the connection takes more. */
const maxPortionBytes = 16_384;
/** Then the history does not get what the live stream has had. */
const maxEmptyPages = 8;

/** What is done with the pages. */
export interface CatchUpSide {
  readonly source: SlowSource;
  readonly all: SlowReaders;
  resend(reader: SlowReader, publication: Publication): void;
  /** Goes on with what is remembered. */
  release(reader: SlowReader): void;
  /** There is a hole, of which the reader is told. */
  lose(reader: SlowReader, why: RefusalLine): void;
}

/** Reads until the connection takes no more, or the reader has reached what is remembered. Never rejects. */
export async function readOn(side: CatchUpSide, reader: SlowReader): Promise<void> {
  const { outbox } = reader.subscription;
  if (reader.isReading || !side.all.beginReading()) return;
  reader.isReading = true;
  try {
    let goesOn = true;
    while (goesOn && !reader.hasEnded && outbox.takesMore) {
      const page = await read(side, reader);
      if (reader.hasEnded) return;
      if ('check' in page) {
        side.lose(reader, page);
        return;
      }
      goesOn = take(side, reader, page);
      outbox.flush();
    }
  } finally {
    reader.isReading = false;
    side.all.endReading();
  }
  // Only now, since it may have to read again.
  if (!reader.hasEnded) side.release(reader);
}

/** The next page, or why there is none. */
async function read({ source, all }: CatchUpSide, reader: SlowReader): Promise<HistoryPage | RefusalLine> {
  const { at, pageSize, subscription } = reader;
  const history = historyOf(all.ports.broker, source.rule);
  if (at === undefined || history === undefined) return notKept(subscription);
  try {
    const page = await history.read(source.name, { limit: pageSize, since: at, reverse: false });
    return page.continuous && reader.numEmptyPages <= maxEmptyPages ? page : notKept(subscription);
  } catch (error) {
    // The client asks for what it has missed as after a lost connection, again and again if need be.
    const what = 'history for a slow reader';
    return isBrokerFailure(error) ? brokerFailed(what, error) : functionFailed(what, error, { channel: source.name });
  }
}

/** Gives what the connection takes of a page, in one step. @returns whether another one has to be read now */
function take(side: CatchUpSide, reader: SlowReader, { publications }: HistoryPage): boolean {
  const { source } = side;
  const { lane, subscription } = reader;
  const { outbox } = subscription;
  // What has come meanwhile is remembered from now on, up to this position.
  source.flush();
  const top = source.position?.offset ?? 0;
  let [numTaken, numBytes, numDue] = [0, 0, 0];
  let isFull = false;
  for (const publication of publications) {
    // What the live stream has not had yet comes with it; of an answer, only what is added to it does.
    if (publication.offset > top && publication.part === undefined) break;
    if (!outbox.takesMore && (numBytes >= maxPortionBytes || !hasRoomFor(outbox, publication))) {
      isFull = true;
      break;
    }
    if (lane.filter?.passes(publication) !== false) side.resend(reader, publication);
    if (reader.at !== undefined) reader.at = { ...reader.at, offset: publication.offset };
    const length = payloadLength(publication.data);
    numTaken++;
    numBytes += length;
    numDue += length;
    if (numDue < maxPortionBytes) continue;
    outbox.flush();
    numDue = 0;
  }
  if (numTaken > 0) reader.numEmptyPages = 0;
  else if (!isFull) reader.numEmptyPages++;
  if (numTaken > 0)
    reader.pageSize = Math.max(1, Math.min(maxPageSize, Math.floor((pageBytes * numTaken) / (numBytes + 1))));
  const place = lane.backlog.placeAt?.(reader.at?.offset ?? 0);
  if (place !== undefined) reader.place = place;
  return place === undefined && numTaken > 0;
}

/**
 * The connection took everything when the page was asked for. Other channels may have filled it meanwhile, each time; a
 * portion leaves nevertheless, so that the reader gets on.
 */
function hasRoomFor(outbox: Outbox, { data }: Publication): boolean {
  return outbox.hasRoomFor(payloadLength(data) * 3 + mostAroundData);
}

function notKept({ channel, rule }: Subscription): RefusalLine {
  const pattern = rule.pattern.text;
  return {
    check: 'slow reader',
    key: pattern,
    fields: { channel, rule: pattern, option: `channels → ${pattern} → history` },
    message: 'subscription begins anew: a slow reader has missed more than the history of its channel keeps',
    level: 'info',
  };
}
