/** Whether nodes had a reason for what they do to clients: close connections (G12), let somebody in (G9), say that something may be missing (G2). */

import type { Faults } from '../../chaos/checker/faults.js';
import { historySize, maxRecovered } from './rules.js';
import type { SimClient } from './sim-client.js';
import type { SimWorld } from './sim-world.js';

/** A word that a server has said, and whatever has made it say so, may be so long ago. */
const windowMs = 30_000;
/** Until an order has reached everybody that it is about. */
const orderedMs = 20_000;
/** G9, and as long as its client takes to hear of it. */
const revokedMs = 6_000;
/** Until a node knows that it is cut off, or is not any more (G10). */
const readinessMs = 16_000;
/** Who takes what was missed in pages has taken the next one by then. */
const pageMs = 1_000;

export class Grounds {
  /** Until then, the server may close the client's connection for the reasons that orders have. */
  readonly #expected = new Map<string, number>();
  /** Users that are blocked, and since when everybody should know. */
  readonly #revoked = new Map<string, number>();
  #anyCloseUntilMs = 0;
  /** When the publications of each channel were acknowledged. */
  readonly #publishedMs = new Map<string, number[]>();

  constructor(
    private readonly world: SimWorld,
    private readonly faults: Faults,
  ) {}

  /** The server may close the client's connection, by an order. */
  expectClose(client: SimClient, forMs = 0): void {
    const untilMs = this.#nowMs + forMs + orderedMs;
    this.#expected.set(client.name, Math.max(this.#expected.get(client.name) ?? 0, untilMs));
  }

  /** The server may close any connection, as it has reasons of its own. */
  expectAnyClose(forMs: number): void {
    this.#anyCloseUntilMs = Math.max(this.#anyCloseUntilMs, this.#nowMs + forMs + orderedMs);
  }

  /** Nobody of that name may come in, until it is unblocked. */
  blocked(user: string): void {
    this.#revoked.set(user, this.#nowMs);
  }

  unblocked(user: string): void {
    this.#revoked.delete(user);
  }

  published(channel: string): void {
    const times = this.#publishedMs.get(channel) ?? [];
    this.#publishedMs.set(channel, times);
    times.push(this.#nowMs);
  }

  /** G12: the server closes nobody's connection without a reason. */
  checkClosed(client: SimClient, code: number): void {
    const nowMs = this.#nowMs;
    const isExpected = (this.#expected.get(client.name) ?? 0) >= nowMs || this.#anyCloseUntilMs >= nowMs;
    const wasImpaired = this.#wasImpaired(client);
    const isDeploy = code === 3_001 || code === 3_000;
    const isSilence = code === 3_012 || code === 3_008;
    if (isExpected || isDeploy || (isSilence && wasImpaired)) return;
    // More came at once than a queue and the system hold.
    if (code === 3_008 && this.world.publishers.numLarge(5_000) > 8) return;
    // Its requests may reach another node, which passes them on through the broker.
    if ((isSilence || code === 3_005) && client.plan.transport !== 'websocket' && this.#wasBrokerImpaired()) return;
    // Its token has ended while it could not bring another.
    if (code === 3_005 && client.plan.tokenMs !== undefined && wasImpaired) return;
    this.world.report('G12', `the connection of ${client.name} is closed with ${code}, without a reason`);
  }

  /** G2: nobody is told that something may be missing where nothing can be. */
  checkDoubt(client: SimClient, channel: string): void {
    if (this.mayMiss(client.name, this.#nowMs - windowMs)) return;
    for (const { name, effects } of this.faults.between(0, this.#nowMs)) {
      // What is to become of messages may be decided long before there are any.
      if (name.startsWith('F19') || effects.losesHistory !== undefined) return;
    }
    // Between two pages of what it had missed, as much has come as pushes the next one out of the history.
    const numNew = this.#publishedMs.get(channel)?.filter((atMs) => atMs >= this.#nowMs - pageMs).length ?? 0;
    if (numNew >= historySize - maxRecovered) return;
    // There a slow reader goes on from the history, which may have become too short.
    const isLarge = this.world.publishers.numLarge(windowMs) > 0;
    if (channel.startsWith('recover:') && (isLarge || this.#wasImpaired(client))) return;
    const text = `${client.name} is told that it may have missed something of ${channel}, and nothing was wrong`;
    this.world.report('G2', text);
  }

  /** G9: who is blocked does not come in any more, where that can be known. */
  checkConnected(subscriber: string): void {
    const client = this.world.clients.find(({ name }) => name === subscriber);
    const sinceMs = client && this.#revoked.get(client.user);
    if (client === undefined || sinceMs === undefined || this.#nowMs - sinceMs < revokedMs) return;
    if (!this.mayMiss(subscriber, sinceMs))
      this.world.report('G9', `${subscriber} is let in, though ${client.user} was blocked`);
  }

  /** Whether what was published since then may not have reached the client's node. */
  mayMiss(subscriber: string, sinceMs: number): boolean {
    const { clients, fleet } = this.world;
    const client = clients.find(({ name }) => name === subscriber);
    const node = fleet.nodeOf(subscriber, client?.connection);
    const isOf = (nodes: readonly string[] | undefined) => nodes?.includes(node) === true;
    return this.faults.any(sinceMs - readinessMs, this.#nowMs, ({ silences, cuts, kills, stopsBroker }) => {
      return isOf(silences) || isOf(cuts) || isOf(kills) || stopsBroker === true;
    });
  }

  /** Whether a node has said nothing to anybody at some time since then. */
  wasSilenced(sinceMs: number): boolean {
    return this.faults.any(sinceMs, this.#nowMs, ({ silences }) => silences !== undefined);
  }

  /** Whether the way between a node and the broker has been impaired at some time since then, or a node has stood still. */
  wasWayImpaired(sinceMs: number): boolean {
    return this.faults.any(sinceMs, this.#nowMs, ({ silences, cuts, stopsBroker }) => {
      return silences !== undefined || cuts !== undefined || stopsBroker === true;
    });
  }

  get #nowMs(): number {
    return this.world.time.nowMs;
  }

  #wasImpaired({ name, net }: SimClient): boolean {
    const nowMs = this.#nowMs;
    if (net.isImpaired || nowMs - net.stalledUntilMs < windowMs) return true;
    for (const fault of this.faults.between(nowMs - windowMs, nowMs)) if (fault.name.includes(` ${name} `)) return true;
    return false;
  }

  #wasBrokerImpaired(): boolean {
    const nowMs = this.#nowMs;
    return this.faults.any(nowMs - windowMs, nowMs, ({ silences, cuts, kills, stopsBroker }) => {
      return [silences, cuts, kills].some((nodes) => nodes !== undefined) || stopsBroker === true;
    });
  }
}
