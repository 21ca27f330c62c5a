/** A client's way over Fanfare's long polling: a poll that waits for the next batch, and requests beside it. */

import { HttpConnection } from './http-connection.js';
import type { Link, LinkListener } from './link.js';
import type { StreamingPorts } from './streaming-link.js';

const nothing = (): void => undefined;

export class PollingLink implements Link {
  readonly #http: HttpConnection;
  #address: { readonly session: string; readonly node: string } | undefined;
  /** The number of the last batch. */
  #seq = -1;
  #frames = 0;
  /** One frame is under way at a time; what comes meanwhile is joined into the next. */
  #isSending = false;
  #unsent: string[] = [];
  #isOver = false;

  /** @param connect the first frame */
  constructor(
    connect: string,
    private readonly ports: StreamingPorts,
    private readonly listener: LinkListener,
  ) {
    const { target, paths, buffer } = ports;
    this.#http = new HttpConnection(target, buffer, false, {
      onOpen: () => this.#http.post(paths.longPolling, JSON.stringify({ data: connect })),
      onResponse: (status, body) => this.#take(status, body),
      onPart: nothing,
      onStream: nothing,
      onInvalid: () => this.#end('invalid'),
      onEnd: (code) => this.#end(code),
    });
  }

  send(frame: string): void {
    this.#unsent.push(frame);
    this.#sendNext();
  }

  hasSession(): void {
    // The last line of each batch of the first answer has it.
  }

  readSlowly(bytesPerSec: number): void {
    this.#http.readSlowly(bytesPerSec);
  }

  cut(): void {
    this.#isOver = true;
    this.#http.destroy();
  }

  close(): void {
    if (this.#address !== undefined) this.#post({ close: true }, nothing);
    this.cut();
  }

  #take(status: number, body: Buffer): void {
    if (this.#isOver) return;
    if (status !== 200) {
      this.#end(String(status));
      return;
    }
    const trailerAt = body.lastIndexOf(0x0a, body.length - 2) + 1;
    const trailer = trailerOf(body.toString('utf8', trailerAt));
    if (trailer === undefined) {
      this.#end('invalid');
      return;
    }
    if (trailer.session !== undefined) this.#address ??= { session: trailer.session, node: trailer.node ?? '' };
    const isNew = trailer.seq > this.#seq;
    this.#seq = Math.max(this.#seq, trailer.seq);
    if (isNew && trailerAt > 0) this.listener.onFrame(body, 0, trailerAt);
    if (this.#isOver) return;
    this.#http.post(this.ports.paths.longPolling, JSON.stringify({ ...this.#address, ack: this.#seq }));
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#isSending || this.#address === undefined || this.#unsent.length === 0) return;
    this.#isSending = true;
    const data = this.#unsent.join('\n');
    this.#unsent = [];
    this.#frames += 1;
    this.#post({ id: this.#frames, data }, (outcome) => {
      this.#isSending = false;
      if (outcome !== '204') this.#end(outcome);
      else this.#sendNext();
    });
  }

  #post(fields: object, onAnswer: (outcome: string) => void): void {
    const { aside, index, paths } = this.ports;
    aside.post(index, paths.longPolling, JSON.stringify({ ...this.#address, ...fields }), onAnswer);
  }

  #end(code: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#http.destroy();
    this.listener.onEnd(code);
  }
}

function trailerOf(
  text: string,
): { readonly seq: number; readonly session?: string; readonly node?: string } | undefined {
  try {
    const trailer: unknown = JSON.parse(text);
    if (typeof trailer !== 'object' || trailer === null || !('seq' in trailer)) return undefined;
    // safe: a batch's last line, of which only these are used; another type ends as a refused request
    return trailer as { readonly seq: number };
  } catch {
    // A cut answer.
    return undefined;
  }
}
