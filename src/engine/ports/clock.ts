/** Time and randomness as the engine sees them. */

/** Undoes a {@link Clock.schedule}; no effect after the task ran or was cancelled. */
export type Cancel = () => void;

/** All of the engine's time. The real one never jumps back; a test advances it. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970 by the wall clock: for token expiry only, since it can jump. */
  wallMs(): number;
  /** Runs `task` once, `delayMs` from now or later. Delays of 2^31 ms and more are capped there. */
  schedule(task: () => void, delayMs: number): Cancel;
  /** Runs `task` after everything else in the current turn of the event loop, in the order of the calls. */
  afterTurn(task: () => void): void;
}

/** Unpredictable values. */
export interface Random {
  /** At least 120 bits of unguessable, URL-safe text, for session ids and epochs. */
  id(): string;
  /** Uniform in [0, 1), for jitter. */
  unit(): number;
}
