/** The level of a log: the configured one, or another for a while. */

import type { Cancel, Clock } from '../engine/ports/clock.js';
import type { LevelSwitch, LogLevel } from '../engine/ports/logger.js';

/** A log whose level can be set; pino's are. */
export interface LeveledLog {
  level: string;
}

export class LogLevelSwitch implements LevelSwitch {
  #configured: LogLevel;
  #return: Cancel | undefined;

  constructor(
    private readonly log: LeveledLog,
    private readonly clock: Pick<Clock, 'schedule'>,
    configured: LogLevel,
  ) {
    this.#configured = configured;
  }

  use(level: LogLevel, forMs?: number): void {
    this.close();
    this.log.level = level;
    if (forMs !== undefined) this.#return = this.clock.schedule(() => this.configure(this.#configured), forMs);
  }

  /** The level of a configuration, in force from now on, whatever was before. */
  configure(level: LogLevel): void {
    this.close();
    this.#configured = level;
    this.log.level = level;
  }

  /** Nothing changes any more by itself. */
  close(): void {
    this.#return?.();
    this.#return = undefined;
  }
}
