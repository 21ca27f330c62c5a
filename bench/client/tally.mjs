// @ts-check
/** Counts what a swarm receives in one run: how many, whether in order and complete for each, and how late. */
import { createHistogram } from 'node:perf_hooks';
import { dueUsAt, nowUs, sequenceAt } from '../shared/payload.mjs';

const HIGHEST_LATENCY_US = 120e6;
const DEFAULT_STALL_MS = 10_000;
/** After the last expected delivery, surplus ones are awaited for this long. */
const SURPLUS_MS = 50;
const MAX_CHECK_INTERVAL_MS = 100;

export const PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.99, 100];

/**
 * @typedef {object} RunResult
 * @property {number} deliveries
 * @property {number} expected
 * @property {number} misordered deliveries that were not the next in their subscriber's order
 * @property {number} incomplete subscribers that did not get each publication once
 * @property {number} elapsedMs from the first to the last delivery
 * @property {number} clientCpuShare of one core, in that time
 * @property {import('../shared/figures.mjs').LatencyPoint[]} latency
 */

export class Tally {
  #expected = 0;
  #publications = 0;
  /** The number of the publication that each subscriber is to get next. */
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
   * @param {number} [options.stallMs] without a delivery for this long a run counts as stuck
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
   * @param {number} at where the publication's mark begins
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
   * Resolves when every expected delivery has come, or none for `stallMs`; rejects when the run was aborted.
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
