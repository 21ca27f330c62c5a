/** A log that a test looks at. */

import type { Logger } from '../../../src/engine/ports/logger.js';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export class RecordedLog implements Logger {
  readonly lines: LogLine[] = [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  /** What its warnings and errors are about. */
  get errors(): (Error & { readonly state?: unknown })[] {
    return this.lines
      .filter(({ level }) => level === 'warn' || level === 'error')
      .map(({ fields }) => fields.err)
      .filter((err) => err instanceof Error);
  }

  /** What stands in a log that leaves `debug` out, with the fields beside level and message. */
  get told(): Readonly<Record<string, unknown>>[] {
    const told = this.lines.filter(({ level }) => level !== 'debug');
    return told.map(({ fields, ...line }) => ({ ...fields, ...line }));
  }

  #writer(level: keyof Logger): Logger['warn'] {
    return (fields, message) => void this.lines.push({ level, fields: { ...fields }, message });
  }
}
