/** What nodes say to each other, on subjects of their own. */

import type { ControlChannel } from '../../engine/control-channel.js';
import type { Subjects } from './subjects.js';
import type { Incoming, Wire } from './wire.js';

export class NatsControl implements ControlChannel {
  readonly #wire: Wire;
  readonly #subjects: Subjects;
  readonly #own = new Set<string>();
  #nodeId = '';
  #onMessage: ((payload: string, from: string) => void) | undefined;

  constructor(wire: Wire, subjects: Subjects) {
    this.#wire = wire;
    this.#subjects = subjects;
  }

  async start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void> {
    this.#nodeId = nodeId;
    this.#onMessage = onMessage;
    for (const subject of [this.#subjects.control(), this.#subjects.control(nodeId)]) this.#own.add(subject);
    await Promise.all([...this.#own].map((subject) => this.#wire.subscribe(subject)));
  }

  async send(payload: string, to?: string): Promise<void> {
    await this.#wire.publish(this.#subjects.control(to), `${this.#nodeId} ${payload}`);
  }

  /** A message of a subject that is no channel's. */
  received({ subject, text }: Incoming): void {
    if (!this.#own.has(subject)) return;
    const space = text.indexOf(' ');
    const from = text.slice(0, space);
    if (space > 0 && from !== this.#nodeId) this.#onMessage?.(text.slice(space + 1), from);
  }
}
