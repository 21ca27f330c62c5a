/**
 * `fanfare/client/streams`: reads messages that grow, and writes them, in a bundle of its own.
 *
 * @module fanfare/client/streams
 */

export { Stream, type StreamState } from './stream.js';
export { StreamError, type StreamErrorCode } from './stream-error.js';
export type { OpenOptions, StreamWriter } from './stream-writer.js';
export { Streams, streams } from './streams.js';
