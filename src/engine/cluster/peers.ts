/** The other nodes that seem to be alive, judged by their heartbeats. */

import { type NodeSummary, Parts } from './messages.js';

/** Interval of a node's heartbeats. */
export const beatIntervalMs = 3_000;

/** A node that is silent for longer is considered dead. */
const silentAfterMs = 10_000;

/**
 * A node without messages of its own for this long may receive nothing, so the silence of others proves nothing. Less
 * than {@link silentAfterMs} minus {@link beatIntervalMs}, so that no node is considered dead for that reason.
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

  /** The last state that each node has sent, up to {@link beatIntervalMs} old. */
  summaries(): NodeSummary[] {
    return [...this.#peers.values()].map(({ summary }) => summary);
  }

  has(id: string): boolean {
    return this.#peers.has(id);
  }

  /** Only for known nodes, which bounds the memory. */
  partsOf(id: string): Parts | undefined {
    return this.#peers.get(id)?.parts;
  }

  /** Any message counts as a heartbeat. */
  heard(id: string, nowMs: number): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) peer.lastHeardMs = nowMs;
  }

  /** Milliseconds since anything was heard from that node; none for one that is not known. */
  silenceOf(id: string, nowMs: number): number {
    return nowMs - (this.#peers.get(id)?.lastHeardMs ?? nowMs);
  }

  /** This node received nothing: the silence of all others is counted from now. */
  excuseAll(nowMs: number): void {
    for (const peer of this.#peers.values()) peer.lastHeardMs = nowMs;
  }

  /** @returns whether the node is new */
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

  /** @returns whether the node was known */
  remove(id: string): boolean {
    return this.#peers.delete(id);
  }

  /** Nodes that have been silent for too long. */
  silent(nowMs: number): string[] {
    return [...this.#peers].flatMap(([id, { lastHeardMs }]) => (nowMs - lastHeardMs > silentAfterMs ? [id] : []));
  }
}
