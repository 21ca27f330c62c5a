/** The port of tracing. Without a tracer nothing is traced, which costs a check for `undefined` wherever there could be. */

/** Never payloads, tokens or headers. Names as in OpenTelemetry's semantic conventions. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Few different ones: a rule, not a channel. */
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  readonly attributes: SpanAttributes;
  /**
   * {@link Span.trace} of a span on another node, or of an earlier one. `null`: none, a trace begins. Default: the span in
   * whose work this is called, or none.
   */
  readonly from?: string | null;
}

/** One piece of work in a trace. Whether it is recorded is decided when it begins. */
export interface Span {
  /**
   * The span as a parent for spans on other nodes: `traceparent`, and after a semicolon `tracestate` if there is one (W3C
   * Trace Context). `undefined` if the span is not recorded; then nothing has to be sent, and no other node records one.
   */
  readonly trace: string | undefined;
  /**
   * Spans that begin in the work, also the application's own, are children of this one, until its promise settles. Needs
   * an asynchronous context: for work of others only.
   */
  run<Result>(work: () => Result): Result;
  /** Like `run` for Fanfare's own spans and lines, and only until the work returns: what it awaits is outside. */
  during<Result>(work: () => Result): Result;
  /** The headers that continue this trace in another service, whether or not it is recorded. */
  headers(): Readonly<Record<string, string>>;
  set(attributes: SpanAttributes): void;
  /** Once. @param error what the work has failed with; only its code or its name is recorded */
  end(error?: unknown): void;
}

/** The id of the trace to which {@link Span.trace} belongs. */
export function traceIdOf(trace: string | undefined): string | undefined {
  return trace?.split('-', 2)[1];
}

export interface Tracer {
  /** Never throws. */
  begin(options: SpanOptions): Span;
  /** Like `begin`, in the trace of an incoming request, unless somebody else has begun a span for it already. */
  accept(headers: Readonly<Record<string, unknown>>, options: Omit<SpanOptions, 'from'>): Span;
  /** The same work, to be done later as if it were done now: `during` the span in whose work this is called. */
  bound<Result>(work: () => Result): () => Result;
  /** {@link Span.trace} of the span in whose work this is called. */
  current(): string | undefined;
  /** The id of that span's trace, for log lines and exemplars. `undefined` if there is none, or if it is not recorded. */
  currentTraceId(): string | undefined;
  /** Resolves when everything that has ended was passed on. Rejects if that is impossible. */
  flush(): Promise<void>;
}

/** A span that is not recorded. */
export const unrecordedSpan: Span = {
  trace: undefined,
  run: (work) => work(),
  during: (work) => work(),
  headers: () => ({}),
  set: () => undefined,
  end: () => undefined,
};
