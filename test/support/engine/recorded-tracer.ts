/** A tracer that keeps its spans. Spans of publications are parents of those that name them; nothing is sampled by chance. */

import { type Span, type SpanOptions, type Tracer, unrecordedSpan } from '../../../src/engine/ports/tracer.js';

export interface RecordedSpan extends SpanOptions {
  readonly trace: string;
  readonly set: Record<string, string | number | boolean>;
  /** Absent until it has ended. */
  ended?: { readonly error: unknown };
}

export class RecordedTracer implements Tracer {
  readonly spans: RecordedSpan[] = [];
  /** Whether spans are recorded from now on. */
  isRecording = true;
  /** Called when a span ends. */
  onEnd: (span: RecordedSpan) => void = () => undefined;

  begin(options: SpanOptions): Span {
    if (!this.isRecording) return unrecordedSpan;
    const span: RecordedSpan = { ...options, trace: `trace-${this.spans.length}`, set: {} };
    this.spans.push(span);
    return {
      trace: span.trace,
      run: (work) => work(),
      during: (work) => work(),
      headers: () => ({}),
      set: (attributes) => void Object.assign(span.set, attributes),
      end: (error) => {
        if (span.ended !== undefined) throw new Error(`${span.name} has ended before`);
        span.ended = { error };
        this.onEnd(span);
      },
    };
  }

  accept(_: unknown, options: SpanOptions): Span {
    return this.begin(options);
  }

  named(name: string): RecordedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  bound = <Result>(work: () => Result) => work;
  current = () => undefined;
  currentTraceId = () => undefined;
  flush = async () => undefined;
}
