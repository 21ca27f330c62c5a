/** Publishes a message to a channel, from a client or from the server: size, schema, broker. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { JsonSource } from '../../model/json-source.js';
import type { JsonText } from '../../model/json-text.js';
import { isMapKey, maxMapKeyBytes } from '../../model/map-key.js';
import { isBytes, type JsonPayload, type Payload, payloadJson, payloadValue } from '../../model/payload.js';
import type { ClientInfo, NewPublication } from '../../model/publication.js';
import {
  type Broker,
  maxIdempotencyKeyBytes,
  type Published,
  type PublishOptions,
  type Version,
} from '../ports/broker.js';
import type { Counters } from '../ports/counters.js';
import type { MapOutcome, MapVersion, NewMapEntry } from '../ports/map-store.js';
import { type Span, type Tracer, traceIdOf } from '../ports/tracer.js';
import type { DeliverySamples } from '../time/delivery-samples.js';
import { ofKind } from './data-kind.js';
import { type ExactJson, encodeExactly } from './exact-json.js';
import { mapLimits } from './map-limits.js';
import { beginPublishing, endPublishing } from './message-spans.js';
import type { Rule } from './rule.js';
import { SchemaMismatch } from './schema-mismatch.js';
import { isUnchanged } from './unchanged-json.js';

export interface PublishingOptions {
  /** The publishing client; absent when the server publishes. */
  readonly info?: ClientInfo;
  readonly tags?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  /** Skip it unless it is newer than the channel's newest. Needs a history, and a broker that compares versions. */
  readonly version?: Version;
  /** Deliver it without adding it to the history: it has no offset and cannot be recovered. */
  readonly skipHistory?: boolean;
  /** Of the caller, who ends it. Absent: one of its own, if anything is traced. */
  readonly span?: Span | undefined;
}

/** A key of a map that is set, or removed: then its data is null. */
export interface MapChange {
  readonly key: string;
  readonly data: Payload;
  readonly removed: boolean;
}

export interface ChangeOptions extends Omit<PublishingOptions, 'version' | 'skipHistory'> {
  /** Nothing changes unless the key has this version. */
  readonly expected?: MapVersion | undefined;
  /** Instead of the rule's; 0: the key stays. */
  readonly ttlMs?: number | undefined;
  /** Nothing changes unless the key is there. */
  readonly mustExist?: boolean | undefined;
}

/** A message that the rule of its channel has accepted. */
export interface AcceptedMessage {
  readonly data: Payload;
  /** The output of the channel's schema; without a schema, the message as sent. */
  readonly value: unknown;
}

/**
 * Checks a message against the kind, the size and the schema of its channel. The schema's output is what is published: defaults are filled in, unknown
 * keys go where the schema strips them. If it changes nothing, the message keeps its text. Without a schema the answer is
 * there at once, since this runs for each publication.
 *
 * @throws FanfareError `ERR_MESSAGE_TOO_LARGE`, `ERR_MESSAGE_INVALID`
 */
export function acceptMessage(rule: Rule, data: Payload): AcceptedMessage | Promise<AcceptedMessage> {
  const numBytes = isBytes(data) ? data.length : Buffer.byteLength(payloadJson(data));
  if (numBytes > rule.maxMessageBytes) {
    throw new FanfareError('ERR_MESSAGE_TOO_LARGE', `message is larger than ${rule.maxMessageBytes} bytes`);
  }
  const accepted = ofKind(rule, data);
  if (rule.schema === undefined || isBytes(accepted)) return { data: accepted, value: undefined };
  return validated(rule.schema, accepted);
}

async function validated(schema: NonNullable<Rule['schema']>, data: JsonPayload): Promise<AcceptedMessage> {
  const outcome = await schema['~standard'].validate(payloadValue(data));
  if (outcome.issues !== undefined) throw new SchemaMismatch(outcome.issues[0]);
  const { value } = outcome;
  return { data: isUnchanged(payloadJson(data), value) ? data : encodeMessage(value), value };
}

/** Encodes a message of the application. Bytes are copied, since it may go on to change them. @throws as {@link encodeMessage} */
export function encodeData(value: unknown): Payload {
  return value instanceof Uint8Array ? new Uint8Array(value) : encodeMessage(value);
}

/**
 * Encodes a value of the application; a value from JSON text keeps its text.
 *
 * @throws FanfareError `ERR_MESSAGE_INVALID` for what JSON or UTF-8 cannot keep
 */
export function encodeMessage(value: unknown): JsonText {
  if (value instanceof JsonSource) {
    if (!value.hasLoneSurrogate) return value.text;
    throw new FanfareError('ERR_MESSAGE_INVALID', 'message has a lone surrogate');
  }
  let encoded: ExactJson;
  try {
    encoded = encodeExactly(value);
  } catch (cause) {
    throw new FanfareError('ERR_MESSAGE_INVALID', 'message cannot be encoded as JSON', { cause });
  }
  if (encoded.ok) return encoded.text;
  throw new FanfareError('ERR_MESSAGE_INVALID', `message${encoded.fault}, which JSON cannot keep`);
}

export class Publishing {
  constructor(
    private readonly broker: Broker,
    private readonly counters: Counters,
    private readonly samples: DeliverySamples,
    private readonly tracer?: Tracer,
  ) {}

  /** Publishes an accepted message. Rejects as the broker does; the order of the calls is the order of the stream. */
  publish(channel: ChannelName, rule: Rule, data: Payload, options: PublishingOptions): Promise<Published> {
    const { info, tags, idempotencyKey, version, skipHistory = false, span } = options;
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) return Promise.reject(badIdempotencyKey());
    if (version !== undefined && !(Number.isSafeInteger(version.number) && version.number > 0)) {
      const text = 'a version is a whole number, at least 1';
      return Promise.reject(new FanfareError('ERR_MESSAGE_INVALID', text));
    }
    const isKept = rule.stream !== undefined && !skipHistory;
    // Better not to deliver it than to deliver an outdated document.
    if (version !== undefined && !(isKept && this.broker.comparesVersions === true)) {
      const why = isKept ? `the broker ${this.broker.name} compares none` : 'there is no history to compare it with';
      return Promise.reject(new FanfareError('ERR_NOT_AVAILABLE', `version is not available: ${why}`));
    }
    this.counters.publicationsIn++;
    rule.counts.publicationsIn++;
    const publication = newPublication(data, info, tags);
    const brokerOptions = { stream: isKept ? rule.stream : undefined, idempotencyKey, version };
    if (this.tracer === undefined) return this.#send(channel, rule, publication, brokerOptions);
    return this.#publishTraced(this.tracer, span, channel, rule, publication, brokerOptions);
  }

  /**
   * Sets or removes a key of a map. Rejects as the broker does; the order of the calls is the order of the stream.
   *
   * @param change its data is accepted, unless the key is removed
   */
  change(channel: ChannelName, rule: Rule, change: MapChange, options: ChangeOptions): Promise<MapOutcome> {
    const { info, tags, idempotencyKey, expected, mustExist } = options;
    const ttlMs = options.ttlMs === undefined ? rule.map?.ttlMs : options.ttlMs || undefined;
    const { maps } = this.broker;
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) return Promise.reject(badIdempotencyKey());
    if (!isMapKey(change.key)) {
      const text = `a key has from 1 to ${maxMapKeyBytes} bytes`;
      return Promise.reject(new FanfareError('ERR_MESSAGE_INVALID', text));
    }
    if (rule.map?.presence !== undefined) {
      const text = `"${channel}" shows who is present: nobody sets its keys`;
      return Promise.reject(new FanfareError('ERR_NOT_AVAILABLE', text));
    }
    const limits = mapLimits(rule);
    if (limits === undefined || maps === undefined) {
      return Promise.reject(new FanfareError('ERR_NOT_AVAILABLE', `"${channel}" is no map`));
    }
    this.counters.publicationsIn++;
    rule.counts.publicationsIn++;
    const entry = { ...newPublication(change.data, info, tags), key: change.key };
    const common = { limits, expected, idempotencyKey };
    const send = async (traced: NewMapEntry) => {
      const made = change.removed
        ? maps.remove(channel, traced, common)
        : maps.set(channel, traced, { ...common, ttlMs, mustExist });
      const outcome = await made;
      countChange(rule, change, outcome);
      return outcome;
    };
    if (this.tracer === undefined) return send(entry);
    const span = options.span ?? beginPublishing(this.tracer, channel, rule, info?.client);
    const { trace } = span;
    const outcome = trace === undefined ? send(entry) : span.during(() => send({ ...entry, trace }));
    if (options.span === undefined) {
      outcome.then(
        () => span.end(),
        (error: unknown) => span.end(error),
      );
    }
    return outcome;
  }

  #publishTraced(
    tracer: Tracer,
    given: Span | undefined,
    channel: ChannelName,
    rule: Rule,
    publication: NewPublication,
    options: PublishOptions,
  ): Promise<Published> {
    const span = given ?? beginPublishing(tracer, channel, rule, publication.info?.client);
    const { trace } = span;
    const published =
      trace === undefined
        ? this.#send(channel, rule, publication, options)
        : span.during(() => this.#send(channel, rule, { ...publication, trace }, options));
    if (given === undefined) endPublishing(span, published);
    return published;
  }

  #send(channel: ChannelName, rule: Rule, publication: NewPublication, options: PublishOptions): Promise<Published> {
    if (!this.samples.isNext()) return this.broker.publish(channel, publication, options);
    const { data, trace } = publication;
    const { delivery } = rule.counts;
    const acknowledgement = this.counters.brokerCalls.of('publish');
    const acknowledged = this.samples.begin(channel, data, delivery, acknowledgement, traceIdOf(trace));
    const published = this.broker.publish(channel, publication, options);
    // Whoever publishes is told of a failure.
    void published.then(acknowledged, () => undefined);
    return published;
  }
}

/** Written out, as {@link publicationAt} is. */
function newPublication(
  data: Payload,
  info: ClientInfo | undefined,
  tags: NewPublication['tags'] | undefined,
): NewPublication {
  if (tags !== undefined) return info === undefined ? { data, tags } : { data, info, tags };
  return info === undefined ? { data } : { data, info };
}

function badIdempotencyKey(): FanfareError {
  return new FanfareError('ERR_IDEMPOTENCY_KEY', `an idempotency key has from 1 to ${maxIdempotencyKeyBytes} bytes`);
}

function isIdempotencyKey(key: string): boolean {
  return key.length > 0 && Buffer.byteLength(key) <= maxIdempotencyKeyBytes;
}

function countChange({ counts }: Rule, { removed }: MapChange, outcome: MapOutcome): void {
  if (outcome.ok) {
    if (outcome.duplicate) return;
    if (removed) counts.mapRemovals++;
    else counts.mapSets++;
  } else if (outcome.why === 'version') counts.mapConflicts++;
  else if (outcome.why === 'full') counts.mapRefusals++;
}
