/** What is known of a stream besides its data: a key of a map of the broker, which changes by comparing and setting. */

import * as v from 'valibot';
import { clientInfoSchema } from '../../engine/channels/publication-schemas.js';
import type { Rule } from '../../engine/channels/rule.js';
import type { MapLimits, MapStore, MapVersion } from '../../engine/ports/map-store.js';
import { type ChannelName, internalPrefix, parseChannelName } from '../../model/channel-name.js';
import { fromJsonText, toJsonText } from '../../model/json-text.js';
import { isBytes, payloadJson } from '../../model/payload.js';

const position = v.object({ offset: v.number(), epoch: v.string() });

const stampSchema = v.object({ id: v.string(), epoch: v.number(), seq: v.number() });

const stateSchema = v.object({
  /** Another one for each creation. */
  life: v.string(),
  contentType: v.string(),
  /** Data after this position, in the channel's history, is the stream's. */
  start: position,
  ttlSec: v.exactOptional(v.number()),
  expiresAt: v.exactOptional(v.string()),
  /** Unix time in milliseconds. */
  usedAtMs: v.number(),
  isDeleted: v.exactOptional(v.literal(true)),
  /** Nothing of its data is left. */
  isClean: v.exactOptional(v.literal(true)),
  /** No more is appended; `by` is the request that has closed it. */
  closed: v.exactOptional(v.object({ by: v.exactOptional(stampSchema), end: v.exactOptional(position) })),
  /** The last `Stream-Seq`. */
  seq: v.exactOptional(v.string()),
  producers: v.array(v.object({ ...stampSchema.entries, atMs: v.number() })),
  /** Of the last change. */
  number: v.number(),
  /** What is decided and may not be appended yet: whoever finds it appends it, before anything else is decided. */
  pending: v.exactOptional(
    v.object({
      atMs: v.number(),
      /** The stream had at least this before. */
      after: position,
      areBytes: v.boolean(),
      texts: v.array(v.string()),
      /** Where the texts are, if they are too long to be here. */
      parts: v.exactOptional(v.array(v.string())),
      info: v.exactOptional(clientInfoSchema),
    }),
  ),
  /** The end of the stream after the last append over this protocol. */
  tail: position,
});

export type StreamState = v.InferOutput<typeof stateSchema>;
export type Pending = NonNullable<StreamState['pending']>;

/** A state with the version by which it can be replaced. */
export interface HeldState {
  /** `undefined`: none is known, as for channels that are only published to. */
  readonly state: StreamState | undefined;
  readonly version: MapVersion;
}

const key = 'stream';
/** Changes of states are only for who waits for them. Beside the state there may be parts of data. */
export const limitsOfState: MapLimits = { stream: { size: 1, ttlMs: 60_000 }, maxKeys: 1_000 };
const extraTtlMs = 3_600_000;

/** Where the state of a stream is; `undefined` if the channel's name is too long for that. */
export function stateChannelOf(channel: ChannelName): ChannelName | undefined {
  return parseChannelName(`${internalPrefix}stream:${channel}`);
}

/** As long as the data that it is about, and longer. */
export function stateTtlMs({ stream }: Rule): number {
  return (stream?.ttlMs ?? 0) + extraTtlMs;
}

export class StreamStates {
  constructor(private readonly maps: MapStore) {}

  /** @throws FanfareError `ERR_BROKER` */
  async read(place: ChannelName): Promise<HeldState> {
    const { entry, top } = await this.maps.get(place, key);
    const { epoch } = top;
    if (entry === undefined || entry.removed === true || isBytes(entry.data)) {
      return { state: undefined, version: { version: 0, epoch } };
    }
    const state = v.parse(stateSchema, fromJsonText(payloadJson(entry.data)));
    return { state, version: { version: entry.offset, epoch } };
  }

  /**
   * Replaces the state.
   *
   * @returns its version; `undefined` if somebody else was faster
   * @throws FanfareError `ERR_BROKER`
   */
  async write(
    place: ChannelName,
    state: StreamState,
    expected: MapVersion,
    rule: Rule,
  ): Promise<MapVersion | undefined> {
    const data = toJsonText(state);
    if (data === undefined) throw new Error('a state is JSON');
    const options = { limits: limitsOfState, expected, ttlMs: stateTtlMs(rule) };
    const outcome = await this.maps.set(place, { key, data }, options);
    if (outcome.ok) return { version: outcome.position.offset, epoch: outcome.position.epoch };
    if (outcome.why === 'version') return undefined;
    throw new Error('there is no room for the state of a stream');
  }
}

/** Whether the stream is there: it was neither deleted nor has its time passed. */
export function isAlive(state: StreamState, wallMs: number): boolean {
  if (state.isDeleted === true) return false;
  const { ttlSec, expiresAt, usedAtMs } = state;
  if (ttlSec !== undefined) return wallMs < usedAtMs + ttlSec * 1_000;
  return expiresAt === undefined || wallMs < Date.parse(expiresAt);
}
