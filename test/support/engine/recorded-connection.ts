/** A connection that keeps what is written to it, and an encoding whose bytes can be read at sight. */

import type { Connection, Encoding } from '../../../src/engine/ports/connection.js';
import type { Disconnect } from '../../../src/model/codes.js';
import { centrifugalJson } from '../../../src/protocols/centrifugal/json-protocol.js';

/** An encoding of its own each time: the JSON protocol, framed as it is. */
export function plainEncoding(): Encoding {
  return { protocol: centrifugalJson, framing: { name: 'plain', frame: (message) => Buffer.from(message) } };
}

export class RecordedConnection implements Connection {
  readonly transport = 'recorded';
  bufferedBytes = 0;
  readonly frames: Uint8Array[] = [];
  closedWith: Disconnect | undefined;

  constructor(readonly encoding = plainEncoding()) {}

  /** What was written, frame by frame. */
  get texts(): string[] {
    return this.frames.map((bytes) => Buffer.from(bytes).toString());
  }

  write(bytes: Uint8Array): void {
    this.frames.push(bytes);
  }

  close(disconnect: Disconnect): void {
    this.closedWith ??= disconnect;
  }
}
