// @ts-check
/** Counts what a swarm receives in one run: how much, whether complete and in order for each, and how late. */
import { createHistogram } from 'node:perf_hooks';
import { dueUsAt, nowUs, sequenceAt } from '../shared/payload.mjs';

const HIGHEST_LATENCY_US = 120e6;
const DEFAULT_STALL_MS = 10_000;
/** How long to wait for surplus deliveries after the last expected one. */
const SURPLUS_MS = 50;
const MAX_CHECK_INTERVAL_MS = 100;

export const PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.99, 100];

/**
 * @typedef {object} RunResult
 * @property {number} deliveries
 * @property {number} expected
 * @property {number} misordered deliveries that were not the next of their subscriber
 * @property {number} incomplete subscribers that did not get each publication once
 * @property {number} elapsedMs from the first to the last delivery
 * @property {number} clientCpuShare of one core, in that time
 * @property {import('../shared/figures.mjs').LatencyPoint[]} latency
 */

export class Tally {
  #expected = 0;
  #publications = 0;
  /** Number of the next publication of each subscriber. */
  #nextOf = new Uint32Array(0);
  #deliveries = 0;
  #misordered = 0;
  #latencyUs = createHistogram({ lowest: 1, highest: HIGHEST_LATENCY_US, figures: 3 });
  #firstUs = 0;
  #lastUs = 0;
  #cpuAtFirst = process.cpuUsage();
  #cpuMicros = 0;
  /** @type {string | null} */
  #abortReason = null;
  #stallMs;

  /**
   * @param {object} [options]
   * @param {number} [options.stallMs] time without a delivery after which a run is stuck
   */
  constructor({ stallMs = DEFAULT_STALL_MS } = {}) {
    this.#stallMs = stallMs;
  }

  get deliveries() {
    return this.#deliveries;
  }

  /**
   * @param {number} subscribers
   * @param {number} publications
   */
  begin(subscribers, publications) {
    this.#publications = publications;
    this.#expected = subscribers * publications;
    this.#nextOf = new Uint32Array(subscribers).fill(1);
    this.#deliveries = 0;
    this.#misordered = 0;
    this.#latencyUs.reset();
    this.#abortReason = null;
  }

  /** The run cannot be completed any more. @param {string} reason */
  abort(reason) {
    this.#abortReason ??= reason;
  }

  /**
   * @param {number} subscriber
   * @param {Buffer} bytes
   * @param {number} at start of the publication's mark
   */
  record(subscriber, bytes, at) {
    const arrivedUs = nowUs();
    if (this.#deliveries === 0) {
      this.#firstUs = arrivedUs;
      this.#cpuAtFirst = process.cpuUsage();
    }
    this.#deliveries += 1;
    const sequence = sequenceAt(bytes, at);
    if (sequence === this.#nextOf[subscriber]) this.#nextOf[subscriber] = sequence + 1;
    else this.#misordered += 1;
    this.#latencyUs.record(Math.min(HIGHEST_LATENCY_US, Math.max(1, arrivedUs - dueUsAt(bytes, at))));
    if (this.#deliveries === this.#expected) this.#finish(arrivedUs);
  }

  /**
   * Resolves when every expected delivery has arrived, or none for `stallMs`; rejects if the run was aborted.
   * @returns {Promise<RunResult>}
   */
  async result() {
    let seen = this.#deliveries;
    let lastChangeMs = Date.now();
    while (this.#deliveries < this.#expected) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(MAX_CHECK_INTERVAL_MS, this.#stallMs)));
      if (this.#abortReason) throw new Error(this.#abortReason);
      if (this.#deliveries !== seen) {
        seen = this.#deliveries;
        lastChangeMs = Date.now();
      } else if (Date.now() - lastChangeMs > this.#stallMs) {
        this.#finish(nowUs());
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, SURPLUS_MS));
    return this.#summary();
  }

  /** @param {number} arrivedUs */
  #finish(arrivedUs) {
    const { user, system } = process.cpuUsage(this.#cpuAtFirst);
    this.#cpuMicros = user + system;
    this.#lastUs = arrivedUs;
  }

  /** @returns {RunResult} */
  #summary() {
    const elapsedUs = Math.max(1, this.#lastUs - this.#firstUs);
    return {
      deliveries: this.#deliveries,
      expected: this.#expected,
      misordered: this.#misordered,
      incomplete: this.#nextOf.reduce((count, next) => count + (next === this.#publications + 1 ? 0 : 1), 0),
      elapsedMs: elapsedUs / 1e3,
      clientCpuShare: this.#cpuMicros / elapsedUs,
      latency: PERCENTILES.map((percentile) => ({ percentile, ms: this.#latencyUs.percentile(percentile) / 1e3 })),
    };
  }
}
