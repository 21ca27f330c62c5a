/**
 * `fanfare/client/dictionary`: lets `connect()` get frames compressed with a dictionary, in a bundle of its own.
 *
 * @module fanfare/client/dictionary
 */

import type { DictionaryOption } from '../dictionary-option.js';
import { DictionaryCodec, type FrameCodec } from './dictionary-codec.js';

/** What {@link dictionary} tells the server, and how much it takes of it. */
export interface DictionaryOptions {
  /**
   * What connections like this one have in common, such as a view of the application: the server may have a dictionary
   * for it, and its `auth` function gets it. Default: none.
   */
  readonly profile?: string;
  /** The largest frame after inflating, in bytes; a larger one ends the connection. Default: 1,048,576. */
  readonly maxFrameBytes?: number;
}

const defaultMaxFrameBytes = 1_048_576;

/**
 * Frames of the server are compressed with a dictionary, over WebSocket, if its listener has one. When one cannot be
 * read the client tells of it by `error`, with the code `ERR_DICTIONARY`, and goes on without.
 *
 * @example const client = connect('https://example.com', { dictionary: dictionary() });
 */
export function dictionary(options: DictionaryOptions = {}): DictionaryOption {
  const { profile = '', maxFrameBytes = defaultMaxFrameBytes } = options;
  return {
    name: 'dictionary',
    install(sdk, transport, onUnreadable) {
      // safe: the SDK's own build for protobuf replaces this field, too
      const codecs = sdk as unknown as { _codec: FrameCodec };
      codecs._codec = new DictionaryCodec({ inner: codecs._codec, transport, profile, maxFrameBytes, onUnreadable });
    },
  };
}
