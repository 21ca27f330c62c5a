/** Takes a message into a channel, from a client or from the server: size, schema, broker. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { JsonSource } from '../../model/json-source.js';
import type { JsonText } from '../../model/json-text.js';
import { type Payload, payloadJson, payloadValue } from '../../model/payload.js';
import type { ClientInfo } from '../../model/publication.js';
import { type Broker, maxIdempotencyKeyBytes, type Published, type Version } from '../ports/broker.js';
import type { Counters } from '../ports/counters.js';
import { type ExactJson, encodeExactly } from './exact-json.js';
import type { Rule } from './rule.js';
import { SchemaMismatch } from './schema-mismatch.js';
import { isUnchanged } from './unchanged-json.js';

export interface PublishingOptions {
  /** The publishing client; absent when the server publishes. */
  readonly info?: ClientInfo;
  readonly tags?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  /** Leave it out unless it is newer than what the channel has had. Needs a history, and a broker that can compare. */
  readonly version?: Version;
  /** Deliver without keeping it: the publication has no offset and cannot be recovered. */
  readonly skipHistory?: boolean;
}

/** A message that the rule of its channel has accepted. */
interface AcceptedMessage {
  readonly data: Payload;
  /** The message as the channel's schema gave it back; without a schema, as it was sent. */
  readonly value: unknown;
}

/**
 * Checks a message against size and schema. The schema's output is what is published: defaults are filled in, unknown
 * keys go where the schema strips them. Where it changes nothing, the message stays the text that it was.
 *
 * @throws FanfareError `ERR_MESSAGE_TOO_LARGE`, `ERR_MESSAGE_INVALID`
 */
export async function acceptMessage(rule: Rule, data: Payload): Promise<AcceptedMessage> {
  if (utf8ByteLength(payloadJson(data)) > rule.maxMessageBytes) {
    throw new FanfareError('ERR_MESSAGE_TOO_LARGE', `message is larger than ${rule.maxMessageBytes} bytes`);
  }
  if (rule.schema === undefined) return { data, value: undefined };
  const outcome = await rule.schema['~standard'].validate(payloadValue(data));
  if (outcome.issues !== undefined) {
    throw new SchemaMismatch(outcome.issues[0]);
  }
  const { value } = outcome;
  return { data: isUnchanged(payloadJson(data), value) ? data : encodeMessage(value), value };
}

/**
 * Encodes a value of the application; a value that came as JSON text keeps its text.
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
  ) {}

  /** Publishes an accepted message. Rejects as the broker does; the order of the calls is the order of the stream. */
  publish(channel: ChannelName, rule: Rule, data: Payload, options: PublishingOptions): Promise<Published> {
    const { info, tags, idempotencyKey, version, skipHistory = false } = options;
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
      const range = `from 1 to ${maxIdempotencyKeyBytes} bytes`;
      return Promise.reject(new FanfareError('ERR_IDEMPOTENCY_KEY', `an idempotency key has ${range}`));
    }
    if (version !== undefined && !(Number.isSafeInteger(version.number) && version.number > 0)) {
      const text = 'a version is a whole number, at least 1';
      return Promise.reject(new FanfareError('ERR_MESSAGE_INVALID', text));
    }
    const isKept = rule.stream !== undefined && !skipHistory;
    // To deliver an outdated document that the caller wanted to be left out would be worse than not to deliver it.
    if (version !== undefined && !(isKept && this.broker.comparesVersions === true)) {
      const why = isKept ? `the broker ${this.broker.name} compares none` : 'there is no history to compare it with';
      return Promise.reject(new FanfareError('ERR_NOT_AVAILABLE', `version is not available: ${why}`));
    }
    this.counters.publicationsIn++;
    return this.broker.publish(
      channel,
      { data, ...(info && { info }), ...(tags && { tags }) },
      {
        ...(rule.stream !== undefined && !skipHistory && { stream: rule.stream }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...(version !== undefined && { version }),
      },
    );
  }
}

function isIdempotencyKey(key: string): boolean {
  return key.length > 0 && utf8ByteLength(key) <= maxIdempotencyKeyBytes;
}

function utf8ByteLength(text: string): number {
  return Buffer.byteLength(text);
}
