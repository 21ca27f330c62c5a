/** How long things may take and how much a channel keeps, as the guarantees and the fleet's configuration say. */

export interface CheckerLimits {
  /** Publications kept by a channel. */
  readonly historySize: number;
  readonly historyTtlMs: number;
  /** Most publications of one recovery. */
  readonly maxRecovered: number;
  /** G2: a publication or a signal is there after this long. */
  readonly signalMs: number;
  /** F1: clients of a node that was killed are connected elsewhere after this long. */
  readonly survivorMs: number;
  /** G8: who leaves is out of presence, who comes is in it, after this long. */
  readonly presenceMs: number;
  /** G8: whoever was lost is out of presence after this long; what a broker has lost of it is back. */
  readonly presenceExpiryMs: number;
  /** G9: an order to disconnect has its effect after this long. */
  readonly revocationMs: number;
  /** G10: readiness follows the way to the broker after this long. */
  readonly readinessMs: number;
  /** How much later than it happened an observer may write something down. */
  readonly slackMs: number;
}

export const defaultLimits: CheckerLimits = {
  historySize: 10_000,
  historyTtlMs: 600_000,
  maxRecovered: 1_000,
  signalMs: 20_000,
  survivorMs: 5_000,
  presenceMs: 1_000,
  presenceExpiryMs: 60_000,
  revocationMs: 5_000,
  readinessMs: 15_000,
  slackMs: 1_000,
};
