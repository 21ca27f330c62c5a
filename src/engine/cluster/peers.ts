/** The other nodes that are alive, as far as one can know: by their signs of life. */

import { type NodeSummary, Parts } from './messages.js';

/** How often a node gives a sign of life. */
export const beatIntervalMs = 3_000;

/** A node that has been silent for so long is taken for dead. */
const silentAfterMs = 10_000;

/**
 * A node that has not heard itself for so long may be deaf, and silence tells it nothing. Less than {@link silentAfterMs}
 * without {@link beatIntervalMs}, so that nobody is given up for the node's own deafness.
 */
export const deafAfterMs = 6_000;

/** Most nodes that are known at once. */
const maxPeers = 1_000;

interface Peer {
  summary: NodeSummary;
  lastHeardMs: number;
  readonly parts: Parts;
}

export class ClusterPeers {
  readonly #peers = new Map<string, Peer>();

  get size(): number {
    return this.#peers.size;
  }

  ids(): string[] {
    return [...this.#peers.keys()];
  }

  /** What each said of itself last: up to {@link beatIntervalMs} old. */
  summaries(): NodeSummary[] {
    return [...this.#peers.values()].map(({ summary }) => summary);
  }

  has(id: string): boolean {
    return this.#peers.has(id);
  }

  /** Pieces of messages are put together for nodes that are known alone. */
  partsOf(id: string): Parts | undefined {
    return this.#peers.get(id)?.parts;
  }

  /** Any message is a sign of life. */
  heard(id: string, nowMs: number): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) peer.lastHeardMs = nowMs;
  }

  /** Nobody could be heard: everybody's silence begins anew. */
  excuseAll(nowMs: number): void {
    for (const peer of this.#peers.values()) peer.lastHeardMs = nowMs;
  }

  /** @returns whether it is new */
  beat(summary: NodeSummary, nowMs: number): boolean {
    const peer = this.#peers.get(summary.id);
    if (peer !== undefined) {
      peer.summary = summary;
      peer.lastHeardMs = nowMs;
      return false;
    }
    if (this.#peers.size >= maxPeers) return false;
    this.#peers.set(summary.id, { summary, lastHeardMs: nowMs, parts: new Parts() });
    return true;
  }

  /** @returns whether it was known */
  remove(id: string): boolean {
    return this.#peers.delete(id);
  }

  /** Those that have been silent for too long. */
  silent(nowMs: number): string[] {
    return [...this.#peers].flatMap(([id, { lastHeardMs }]) => (nowMs - lastHeardMs > silentAfterMs ? [id] : []));
  }
}
