/** The options of Durable Streams. */

export interface DurableStreamsOptions {
  /** Under which path streams are: the stream of the channel `chat:42` is at `/streams/chat:42` for `/streams`. */
  readonly path: string;
  /** Streams can be read, not written. Needed with a broker that keeps histories and no maps. Default: `false`. */
  readonly readOnly?: boolean;
  /**
   * Keys of backends, at least 32 bytes each: a request with one of them (`X-API-Key`, or `Authorization: apikey`) may do
   * everything. Default: none.
   */
  readonly keys?: readonly string[] | (() => readonly string[]);
  /** Whoever may publish to a channel may delete its stream, too. Otherwise that takes a key. Default: `false`. */
  readonly writersMayDelete?: boolean;
  /** Largest body of one request, in bytes. Default: 2,097,152; at most 16,777,216. */
  readonly maxBodyBytes?: number;
}
