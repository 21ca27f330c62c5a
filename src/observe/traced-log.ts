/** A log whose lines name the trace that they belong to, as `trace_id`, the name of OpenTelemetry's data model of logs. */

import type { Logger } from '../engine/ports/logger.js';
import type { Tracer } from '../engine/ports/tracer.js';

export class TracedLog implements Logger {
  constructor(
    private readonly log: Logger,
    private readonly tracer: Pick<Tracer, 'currentTraceId'>,
  ) {}

  debug(fields: object, message: string): void {
    this.log.debug(this.#traced(fields), message);
  }

  info(fields: object, message: string): void {
    this.log.info(this.#traced(fields), message);
  }

  warn(fields: object, message: string): void {
    this.log.warn(this.#traced(fields), message);
  }

  error(fields: object, message: string): void {
    this.log.error(this.#traced(fields), message);
  }

  #traced(fields: object): object {
    const traceId = this.tracer.currentTraceId();
    return traceId === undefined ? fields : { ...fields, trace_id: traceId };
  }
}
