/** Streams of channels in DynamoDB: an item for the place of each, and one for each publication. */

import { decodePublication, encodePublication } from '../../brokers/bus-message.js';
import type { BrokerPorts } from '../../brokers/ports.js';
import {
  type HistoryPage,
  type HistoryQuery,
  type HistoryStore,
  idempotencyWindowMs,
  type Published,
  type PublishOptions,
  type StreamLimits,
  type Version,
} from '../../engine/ports/broker.js';
import { pause } from '../../engine/time/pause.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { type NewPublication, type Publication, publicationAt } from '../../model/publication.js';
import { goneAt, type Item, number, numberOf, type Table, text, textOf } from './table.js';

/** The state of a stream. */
interface Place {
  readonly offset: number;
  readonly epoch: string;
  /** Offset of the oldest that is kept; everything is gone at the time `endsAtMs`. */
  readonly oldest: number;
  readonly endsAtMs: number;
  readonly version: Version | undefined;
}

/** Of publications that race from several functions, each needs another attempt for each that was faster. */
const maxAttempts = 40;
const maxPauseMs = 60;
const placeKey = '-';
const offsetDigits = 16;

export class DynamoDbStreams implements HistoryStore {
  readonly #table: Table;
  readonly #ports: BrokerPorts;
  readonly #idleMs: number;
  /** The last publication of this process in each channel, while it is under way: the order of the calls is kept. */
  readonly #lines = new Map<ChannelName, Promise<unknown>>();

  constructor(table: Table, ports: BrokerPorts, idleMs: number) {
    this.#table = table;
    this.#ports = ports;
    this.#idleMs = idleMs;
  }

  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    const { stream } = options;
    const before = this.#lines.get(channel) ?? Promise.resolve();
    const work = () =>
      stream === undefined
        ? this.#takeKey(channel, options.idempotencyKey)
        : this.#append(channel, publication, { ...options, stream });
    const published = before.then(work, work);
    this.#lines.set(channel, published);
    const isDone = () => {
      if (this.#lines.get(channel) === published) this.#lines.delete(channel);
    };
    published.then(isDone, isDone);
    return published;
  }

  async read(channel: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    const { since, limit, reverse } = query;
    const place = await this.#placeOf(channel);
    const { offset, epoch } = place;
    const top = { offset, epoch };
    if (since?.epoch !== undefined && since.epoch !== epoch) return { top, publications: [], continuous: false };
    const oldest = this.#oldest(place);
    const from = reverse ? oldest : Math.max(oldest, (since?.offset ?? 0) + 1);
    const to = reverse ? Math.min(offset, (since?.offset ?? Number.POSITIVE_INFINITY) - 1) : offset;
    const items = limit <= 0 || from > to ? [] : await this.#range(channel, from, to, limit, reverse);
    const publications = items.flatMap((item) => publicationIn(item, epoch) ?? []);
    return { top, publications, continuous: isContinuous(query, top.offset, oldest, publications) };
  }

  async remove(channel: ChannelName): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const place = await this.#find(channel);
      if (place === undefined) return;
      const emptied = { ...place, oldest: place.offset + 1 };
      const { holds } = await this.#table.put(this.#itemOf(channel, emptied), unchanged(place));
      if (holds) return;
      await this.#pause();
    }
    throw tooBusy(channel);
  }

  async #append(
    channel: ChannelName,
    publication: NewPublication,
    options: PublishOptions & { readonly stream: StreamLimits },
  ): Promise<Published> {
    const { stream, idempotencyKey, version } = options;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const nowMs = this.#ports.clock.wallMs();
      const [place, first] = await Promise.all([
        this.#find(channel),
        idempotencyKey === undefined ? undefined : this.#known(channel, idempotencyKey, nowMs),
      ]);
      if (first !== undefined) return { position: first, duplicate: true };
      if (place !== undefined && version !== undefined && isOutdated(version, place.version)) {
        return { position: { offset: place.offset, epoch: place.epoch }, duplicate: true };
      }
      const offset = (place?.offset ?? 0) + 1;
      const epoch = place?.epoch ?? this.#ports.random.id();
      const oldest = place === undefined ? 1 : this.#oldest(place);
      const next: Place = {
        offset,
        epoch,
        oldest: Math.max(oldest, offset - stream.size + 1),
        endsAtMs: nowMs + stream.ttlMs,
        version: version ?? place?.version,
      };
      const position = { offset, epoch };
      const isWritten = await this.#table.writeTogether([
        { Item: this.#itemOf(channel, next), ...(place === undefined ? isNew : unchanged(place)) },
        {
          Item: {
            pk: text(streamKey(channel)),
            sk: text(padded(offset)),
            epoch: text(epoch),
            data: text(encodePublication(publication)),
            gone: goneAt(nowMs + stream.ttlMs),
          },
        },
        ...(idempotencyKey === undefined ? [] : [keyItem(channel, idempotencyKey, position, nowMs)]),
      ]);
      if (isWritten) return { position, duplicate: false };
      await this.#pause();
    }
    throw tooBusy(channel);
  }

  /** For a publication that is delivered only. */
  async #takeKey(channel: ChannelName, idempotencyKey: string | undefined): Promise<Published> {
    const position = { offset: 0, epoch: '' };
    if (idempotencyKey === undefined) return { position, duplicate: false };
    const { Item: item, ...condition } = keyItem(channel, idempotencyKey, position, this.#ports.clock.wallMs());
    const { holds } = await this.#table.put(item, condition);
    return { position, duplicate: !holds };
  }

  async #known(channel: ChannelName, idempotencyKey: string, nowMs: number) {
    const item = await this.#table.get(onceKey(channel, idempotencyKey), placeKey);
    const [offset, epoch] = [numberOf(item, 'offset'), textOf(item, 'epoch')];
    if (offset === undefined || epoch === undefined || (numberOf(item, 'until') ?? 0) <= nowMs) return undefined;
    return { offset, epoch };
  }

  /** Begins it if need be. */
  async #placeOf(channel: ChannelName): Promise<Place> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const found = await this.#find(channel);
      if (found !== undefined) return found;
      const begun: Place = { offset: 0, epoch: this.#ports.random.id(), oldest: 1, endsAtMs: 0, version: undefined };
      const { holds } = await this.#table.put(this.#itemOf(channel, begun), isNew);
      if (holds) return begun;
    }
    throw tooBusy(channel);
  }

  async #find(channel: ChannelName): Promise<Place | undefined> {
    const item = await this.#table.get(streamKey(channel), placeKey);
    const [offset, epoch] = [numberOf(item, 'offset'), textOf(item, 'epoch')];
    if (offset === undefined || epoch === undefined) return undefined;
    const versionNumber = numberOf(item, 'version');
    return {
      offset,
      epoch,
      oldest: numberOf(item, 'oldest') ?? 1,
      endsAtMs: numberOf(item, 'until') ?? 0,
      version:
        versionNumber === undefined ? undefined : { number: versionNumber, epoch: textOf(item, 'versionEpoch') ?? '' },
    };
  }

  /** Above the top if nothing is kept. */
  #oldest({ oldest, offset, endsAtMs }: Place): number {
    return endsAtMs <= this.#ports.clock.wallMs() ? offset + 1 : oldest;
  }

  #itemOf(channel: ChannelName, { offset, epoch, oldest, endsAtMs, version }: Place): Item {
    return {
      pk: text(streamKey(channel)),
      sk: text(placeKey),
      offset: number(offset),
      epoch: text(epoch),
      oldest: number(oldest),
      until: number(endsAtMs),
      ...(version !== undefined && { version: number(version.number), versionEpoch: text(version.epoch) }),
      gone: goneAt(Math.max(endsAtMs, this.#ports.clock.wallMs() + this.#idleMs)),
    };
  }

  #range(channel: ChannelName, from: number, to: number, limit: number, reverse: boolean): Promise<Item[]> {
    return this.#table.query(
      {
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': text(streamKey(channel)),
          ':from': text(padded(from)),
          ':to': text(padded(to)),
        },
        ScanIndexForward: !reverse,
        ConsistentRead: true,
      },
      limit,
    );
  }

  #pause(): Promise<void> {
    return pause(this.#ports.clock, this.#ports.random.unit() * maxPauseMs);
  }
}

function streamKey(channel: ChannelName): string {
  return `stream#${channel}`;
}

function onceKey(channel: ChannelName, idempotencyKey: string): string {
  return `once#${channel.length}#${channel}#${idempotencyKey}`;
}

/** In the order of the numbers, and behind the place. */
function padded(offset: number): string {
  return String(offset).padStart(offsetDigits, '0');
}

const isNew = { ConditionExpression: 'attribute_not_exists(pk)' };

function unchanged({ offset, epoch, oldest }: Place) {
  return {
    ConditionExpression: '#offset = :offset AND epoch = :epoch AND oldest = :oldest',
    ExpressionAttributeNames: { '#offset': 'offset' },
    ExpressionAttributeValues: { ':offset': number(offset), ':epoch': text(epoch), ':oldest': number(oldest) },
  };
}

function keyItem(
  channel: ChannelName,
  idempotencyKey: string,
  { offset, epoch }: { readonly offset: number; readonly epoch: string },
  nowMs: number,
) {
  const untilMs = nowMs + idempotencyWindowMs;
  return {
    Item: {
      pk: text(onceKey(channel, idempotencyKey)),
      sk: text(placeKey),
      offset: number(offset),
      epoch: text(epoch),
      until: number(untilMs),
      gone: goneAt(untilMs),
    },
    ConditionExpression: 'attribute_not_exists(pk) OR #until <= :now',
    ExpressionAttributeNames: { '#until': 'until' },
    ExpressionAttributeValues: { ':now': number(nowMs) },
  };
}

/** Versions of another epoch cannot be compared, and are newer. */
function isOutdated({ number: version, epoch }: Version, newest: Version | undefined): boolean {
  if (newest === undefined || (epoch !== '' && epoch !== newest.epoch)) return false;
  return version <= newest.number;
}

/** `undefined` for an item of an earlier epoch, or one that nobody has written. */
function publicationIn(item: Item, epoch: string): Publication | undefined {
  const data = textOf(item, 'data');
  if (data === undefined || textOf(item, 'epoch') !== epoch) return undefined;
  try {
    return publicationAt(decodePublication(data), Number(textOf(item, 'sk')));
  } catch {
    return undefined;
  }
}

/** Counts, since DynamoDB may have removed some in between, or others have. */
function isContinuous(
  { since, reverse, limit }: HistoryQuery,
  top: number,
  oldest: number,
  publications: readonly Publication[],
): boolean {
  if (since === undefined) return true;
  const step = reverse ? -1 : 1;
  const first = reverse ? Math.min(top, since.offset - 1) : since.offset + 1;
  if (!publications.every(({ offset }, i) => offset === first + i * step)) return false;
  if (reverse) return since.offset <= top + 1;
  if (since.offset > top || since.offset + 1 < oldest) return false;
  return limit === 0 || publications.length === limit || since.offset + publications.length === top;
}

function tooBusy(channel: ChannelName): FanfareError {
  return new FanfareError('ERR_BROKER', `dynamodb: others have changed the stream of "${channel}" all the time`);
}
