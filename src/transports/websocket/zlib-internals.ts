/**
 * What `node:zlib` does not promise: where an engine writes. Its functions allocate that anew for each message, and on newer
 * Nodes a flood of messages leaves more of it than is collected meanwhile. A test fails where it is not so any more.
 */

import { createInflateRaw, type InflateRaw, type ZlibOptions } from 'node:zlib';

interface SynchronousEngine extends InflateRaw {
  _outBuffer: Buffer;
  _chunkSize: number;
  /** Used once: the engine is closed. @throws Error with a code */
  _processChunk(input: Buffer, flush: number): Buffer;
}

/** The least that zlib allows; it is not used. */
const minChunkBytes = 64;

/**
 * Decompresses raw DEFLATE into memory that is there already. What comes out has to be shorter than that, or zlib goes on in
 * memory of its own.
 *
 * @param options its `maxOutputLength` is less than `room` has
 * @returns a view of `room`, and how much of the input was read
 * @throws Error with a code: `ERR_BUFFER_TOO_LARGE` for what is longer than `maxOutputLength`
 */
export function inflateRawInto(
  room: Buffer,
  input: Buffer,
  flush: number,
  options: Pick<ZlibOptions, 'maxOutputLength'>,
): { readonly output: Buffer; readonly inputBytes: number } {
  // safe: its fields and its method in Node 20 to 26
  const engine = createInflateRaw({ ...options, chunkSize: minChunkBytes }) as SynchronousEngine;
  engine._outBuffer = room;
  engine._chunkSize = room.length;
  const output = engine._processChunk(input, flush);
  return { output, inputBytes: engine.bytesWritten };
}
