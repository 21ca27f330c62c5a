/** Finds frames of a client that are larger than a limit, in the bytes that it sends (RFC 6455, 5.2). */

const headerBytes = 2;
const maskBytes = 4;

export class FrameSizes {
  #head = Buffer.alloc(0);
  /** Of the current frame's payload. */
  #left = 0;

  constructor(private readonly onFrame: (payloadBytes: number) => void) {}

  /** The next bytes after the handshake. */
  read(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, rest.length);
        this.#left -= taken;
        rest = rest.subarray(taken);
        continue;
      }
      this.#head = Buffer.concat([this.#head, rest.subarray(0, 1)]);
      rest = rest.subarray(1);
      const size = this.#payloadBytes();
      if (size === undefined) continue;
      this.onFrame(size);
      this.#head = Buffer.alloc(0);
      this.#left = size;
    }
  }

  /** Once the whole head is there. */
  #payloadBytes(): number | undefined {
    const head = this.#head;
    if (head.length < headerBytes) return undefined;
    const short = (head[1] ?? 0) & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (head.length < headerBytes + extended + maskBytes) return undefined;
    if (extended === 0) return short;
    return extended === 2 ? head.readUInt16BE(headerBytes) : Number(head.readBigUInt64BE(headerBytes));
  }
}
