/** The schema of a channel whose messages are bytes. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { kindOf } from '../../model/expected.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { anything, expectOptions, word } from './channel-check.js';

/** What messages of bytes may be. */
export interface BytesOptions {
  /** Most bytes of a message. Default: the channel's `maxMessageBytes`. */
  readonly maxBytes?: number;
  /**
   * Clients that speak JSON get and send the bytes as strings of base64. Default: `false`, they are refused (108), and
   * the channel is for clients that speak Protobuf.
   */
  readonly base64?: boolean;
}

/** The schema of messages of bytes, as {@link bytes} returns it. */
export interface BytesSchema extends StandardSchemaV1<Uint8Array, Uint8Array> {
  /** What the rule of a channel is made of. */
  readonly bytes: BytesOptions;
}

const checks = { maxBytes: anything, base64: word(true, false) } satisfies Record<keyof BytesOptions, unknown>;

/**
 * Messages are bytes, which nothing looks into: protobuf, CBOR, images, audio. A `Uint8Array` for the application and its
 * typed clients.
 *
 * @throws FanfareError `ERR_CONFIG`, naming an option that is unknown or wrong
 * @example channel({ message: bytes({ maxBytes: 4_096 }), subscribe: 'user', publish: 'subscriber' })
 */
export function bytes(options: BytesOptions = {}): BytesSchema {
  expectOptions('bytes(options)', options, checks);
  const { maxBytes } = options;
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes > 1)) {
    const got = kindOf(maxBytes);
    throw new FanfareError('ERR_CONFIG', `bytes(options) → maxBytes must be a whole number of at least 2, got ${got}`);
  }
  return {
    bytes: options,
    '~standard': {
      version: 1,
      vendor: 'fanfare',
      validate(value) {
        if (!(value instanceof Uint8Array)) return { issues: [{ message: 'is no Uint8Array' }] };
        if (value.length > (maxBytes ?? value.length))
          return { issues: [{ message: `has more than ${maxBytes} bytes` }] };
        return { value };
      },
    },
  };
}

export function isBytesSchema(schema: StandardSchemaV1 | undefined): schema is BytesSchema {
  return schema !== undefined && 'bytes' in schema && schema['~standard'].vendor === 'fanfare';
}
