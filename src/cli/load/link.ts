/** One client's way to the server over one transport, without the protocol that it carries. */

/** Called in order; `onEnd` once, and nothing after it. */
export interface LinkListener {
  /** The first frame is due. WebSocket only: other transports have sent it. */
  onOpen(): void;
  /** @param bytes contain, from `from` to `to`, one message or several, a line each; valid only during the call */
  onFrame(bytes: Buffer, from: number, to: number): void;
  /** @param code a close code, a status of HTTP, or the system's code of an error */
  onEnd(code: string): void;
}

export interface Link {
  /** Sends a frame: one command or several, a line each. */
  send(frame: string): void;
  /** Where further commands go, from the reply to `connect`. */
  hasSession(session: string, node: string): void;
  /** From now on at most this much is read in a second. */
  readSlowly(bytesPerSec: number): void;
  /** Cuts the connection, as if the network had failed. `onEnd` is not called. */
  cut(): void;
  /** Ends the connection as clients do. `onEnd` is not called. */
  close(): void;
}

/** Splits a stream into lines, and passes on as many as there are at once. */
export class Lines {
  #rest: Buffer | undefined;

  /** @param onLines valid only during the call */
  constructor(private readonly onLines: (bytes: Buffer, from: number, to: number) => void) {}

  read(arrived: Buffer): void {
    const bytes = this.#rest === undefined ? arrived : Buffer.concat([this.#rest, arrived]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    // A copy: the buffer that it was read into is used again.
    this.#rest = end < bytes.length ? Buffer.from(bytes.subarray(end)) : undefined;
    if (end > 0) this.onLines(bytes, 0, end);
  }
}
