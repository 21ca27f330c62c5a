/** What all connections of one worker share: where they connect, who they are, and where they count. */

import { Aside } from './aside.js';
import type { Assigned } from './assignment.js';
import type { WorkerFigures } from './figures.js';
import type { Link, LinkListener } from './link.js';
import { PollingLink } from './polling-link.js';
import type { SeededRandom } from './random.js';
import { ReadBuffer } from './raw-socket.js';
import type { Scenario } from './scenario.js';
import { StreamingLink } from './streaming-link.js';
import { type Target, targetOf, withSource } from './target.js';
import { WebSocketLink } from './websocket-link.js';

/** Connections for the requests of clients of HTTP transports. */
const asideCount = 8;

/** Whose attempt to connect must end in time. */
interface Watched {
  checkDeadline(atUs: number): void;
}

interface WorldOptions {
  readonly scenario: Scenario;
  /** Distinguishes the publications of this run. */
  readonly run: number;
  readonly figures: WorkerFigures;
  readonly random: SeededRandom;
  readonly tokens: ReadonlyMap<string, string>;
}

export class World {
  readonly run: number;
  readonly figures: WorkerFigures;
  readonly random: SeededRandom;
  readonly buffer = new ReadBuffer();
  readonly timeoutMs: number;
  readonly slowBytesPerSec: number;
  readonly recovers: boolean;
  readonly tracksOffsets: boolean;
  /** Publications that were due earlier are counted, but not measured. */
  measureFromUs = Number.POSITIVE_INFINITY;
  /** Whoever subscribes from now on may have missed something. */
  isPublishing = false;
  readonly #scenario: Scenario;
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #target: Target;
  readonly #aside: Aside;
  /** Those whose attempt is under way. */
  readonly #watched = new Set<Watched>();

  constructor({ scenario, run, figures, random, tokens }: WorldOptions) {
    this.#scenario = scenario;
    this.run = run;
    this.figures = figures;
    this.random = random;
    this.#tokens = tokens;
    this.#target = targetOf(scenario.url);
    this.#aside = new Aside(asideCount, this.#target.http, this.buffer);
    this.timeoutMs = scenario.timeout;
    this.slowBytesPerSec = scenario['slow.bytesPerSec'];
    this.recovers = scenario.recover;
    this.tracksOffsets = scenario.recover;
  }

  channelName(channel: number): string {
    return `${this.#scenario['channels.prefix']}${channel + 1}`;
  }

  tokenOf(user: string): string | undefined {
    return this.#scenario.token ?? this.#tokens.get(user);
  }

  /** @param connect the first frame, which WebSocket does not send by itself */
  openLink({ index, transport, source }: Assigned, connect: string, listener: LinkListener): Link {
    const { http, paths } = this.#target;
    const target = withSource(http, source);
    const ports = { target, paths, buffer: this.buffer, aside: this.#aside, index };
    switch (transport) {
      case 'websocket':
        return new WebSocketLink(target, paths.websocket, this.buffer, listener);
      case 'httpStream':
      case 'sse':
        return new StreamingLink(transport, connect, ports, listener);
      case 'longPolling':
        return new PollingLink(connect, ports, listener);
    }
  }

  watch(client: Watched): void {
    this.#watched.add(client);
  }

  settled(client: Watched): void {
    this.#watched.delete(client);
  }

  checkDeadlines(atUs: number): void {
    for (const client of this.#watched) client.checkDeadline(atUs);
  }

  close(): void {
    this.#aside.close();
  }
}
