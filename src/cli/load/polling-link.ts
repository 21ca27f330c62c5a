/** A client's way over Fanfare's long polling: a poll that waits for the next batch, and requests beside it. */

import { HttpLink, type HttpLinkPorts } from './http-link.js';
import type { LinkListener } from './link.js';

const nothing = (): void => undefined;

export class PollingLink extends HttpLink {
  #address: { readonly session: string; readonly node: string } | undefined;
  /** The number of the last batch. */
  #seq = -1;
  #frames = 0;
  /** One frame is under way at a time; what comes meanwhile is joined into the next. */
  #isSending = false;
  #unsent: string[] = [];

  /** @param connect the first frame */
  constructor(connect: string, ports: HttpLinkPorts, listener: LinkListener) {
    super(ports, false, listener, {
      onOpen: () => this.http.post(ports.paths.longPolling, JSON.stringify({ data: connect })),
      onResponse: (status, body) => this.#take(status, body),
      onPart: nothing,
      onStream: nothing,
    });
  }

  override send(frame: string): void {
    this.#unsent.push(frame);
    this.#sendNext();
  }

  override hasSession(): void {
    // The last line of each batch of the first answer has it.
  }

  override close(): void {
    if (this.#address !== undefined) this.#post({ close: true }, nothing);
    this.cut();
  }

  #take(status: number, body: Buffer): void {
    if (this.isOver) return;
    if (status !== 200) {
      this.end(String(status));
      return;
    }
    const trailerAt = body.lastIndexOf(0x0a, body.length - 2) + 1;
    const trailer = trailerOf(body.toString('utf8', trailerAt));
    if (trailer === undefined) {
      this.end('invalid');
      return;
    }
    if (trailer.session !== undefined) this.#address ??= { session: trailer.session, node: trailer.node ?? '' };
    const isNew = trailer.seq > this.#seq;
    this.#seq = Math.max(this.#seq, trailer.seq);
    if (isNew && trailerAt > 0) this.listener.onFrame(body, 0, trailerAt);
    if (this.isOver) return;
    this.http.post(this.ports.paths.longPolling, JSON.stringify({ ...this.#address, ack: this.#seq }));
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
      if (outcome !== '204') this.end(outcome);
      else this.#sendNext();
    });
  }

  #post(fields: object, onAnswer: (outcome: string) => void): void {
    const { aside, index, paths } = this.ports;
    aside.post(index, paths.longPolling, JSON.stringify({ ...this.#address, ...fields }), onAnswer);
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
