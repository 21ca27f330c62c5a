/**
 * The tracer over OpenTelemetry's API. The SDK that the application has registered there decides what is sampled and
 * where spans go.
 */

import type * as OpenTelemetry from '@opentelemetry/api';
import type { Span as ApiSpan, Tracer as ApiTracer, Context, SpanKind } from '@opentelemetry/api';
import {
  type Span,
  type SpanAttributes,
  type SpanOptions,
  type Tracer,
  unrecordedSpan,
} from '../engine/ports/tracer.js';

type Api = typeof OpenTelemetry;

/** Version 00 of W3C Trace Context; later ones begin in the same way. */
const traceForm = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:;(.{1,512}))?$/;

/** A parent that samples nothing. */
const nobody = { traceId: 'f'.repeat(32), spanId: 'f'.repeat(16), traceFlags: 0, isRemote: true };

/** @returns `undefined` if no SDK is registered, so that nothing is recorded anyway */
export function otelTracer(api: Api, version: string): Tracer | undefined {
  const tracer = api.trace.getTracer('fanfare', version);
  const probe = tracer.startSpan('probe', {}, api.trace.setSpanContext(api.ROOT_CONTEXT, nobody));
  // Without an SDK a span is its parent.
  return probe.spanContext().spanId === nobody.spanId ? undefined : new OtelTracer(api, tracer);
}

class OtelTracer implements Tracer {
  readonly #kinds: Readonly<Record<SpanOptions['kind'], SpanKind>>;
  /** Of the innermost {@link Span.during}; `undefined` outside of any. */
  #inner: Context | undefined;

  constructor(
    private readonly api: Api,
    private readonly tracer: ApiTracer,
  ) {
    const { SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL } = api.SpanKind;
    this.#kinds = { server: SERVER, client: CLIENT, producer: PRODUCER, consumer: CONSUMER, internal: INTERNAL };
  }

  begin(options: SpanOptions): Span {
    const { from } = options;
    const parent = from === undefined ? this.#active : from === null ? this.api.ROOT_CONTEXT : this.#contextOf(from);
    return parent === undefined ? unrecordedSpan : this.#begin(options, parent);
  }

  accept(headers: Readonly<Record<string, unknown>>, options: Omit<SpanOptions, 'from'>): Span {
    const { trace, propagation } = this.api;
    const active = this.#active;
    // An instrumentation of HTTP, or the application, has read the headers before.
    const parent = trace.getSpan(active) === undefined ? propagation.extract(active, headers) : active;
    return this.#begin(options, parent);
  }

  bound<Result>(work: () => Result): () => Result {
    const context = this.#active;
    return this.api.trace.getSpan(context) === undefined ? work : () => this.within(context, work);
  }

  current(): string | undefined {
    const span = this.api.trace.getSpan(this.#active);
    return span && traceOf(this.api, span);
  }

  currentTraceId(): string | undefined {
    const context = this.api.trace.getSpan(this.#active)?.spanContext();
    return context !== undefined && isSampled(this.api, context.traceFlags) ? context.traceId : undefined;
  }

  async flush(): Promise<void> {
    const { trace, ProxyTracerProvider } = this.api;
    const provider = trace.getTracerProvider();
    const sdk: object = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
    // No part of the API, but of every SDK (OpenTelemetry's specification of tracing, "ForceFlush").
    if ('forceFlush' in sdk && typeof sdk.forceFlush === 'function') await sdk.forceFlush();
  }

  #begin({ name, kind, attributes }: SpanOptions, parent: Context): Span {
    const span = this.tracer.startSpan(name, { kind: this.#kinds[kind], attributes }, parent);
    return new OtelSpan(this.api, span, parent, this);
  }

  /** Makes the context the active one until the work returns. */
  within<Result>(context: Context, work: () => Result): Result {
    const outer = this.#inner;
    this.#inner = context;
    try {
      return work();
    } finally {
      this.#inner = outer;
    }
  }

  get #active(): Context {
    return this.#inner ?? this.api.context.active();
  }

  /** `undefined` for anything else than a {@link Span.trace}: it comes from outside this process. */
  #contextOf(from: string): Context | undefined {
    const { trace, ROOT_CONTEXT, createTraceState } = this.api;
    const [, traceId = '', spanId = '', flags = '', state] = traceForm.exec(from) ?? [];
    const spanContext = {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(state !== undefined && { traceState: createTraceState(state) }),
    };
    return trace.isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : undefined;
  }
}

class OtelSpan implements Span {
  readonly trace: string | undefined;

  constructor(
    private readonly api: Api,
    private readonly span: ApiSpan,
    private readonly parent: Context,
    private readonly tracer: OtelTracer,
  ) {
    this.trace = traceOf(api, span);
  }

  run<Result>(work: () => Result): Result {
    const context = this.#context;
    return this.api.context.with(context, () => this.tracer.within(context, work));
  }

  during<Result>(work: () => Result): Result {
    return this.tracer.within(this.#context, work);
  }

  headers(): Readonly<Record<string, string>> {
    const carrier: Record<string, string> = {};
    this.api.propagation.inject(this.#context, carrier);
    return carrier;
  }

  get #context(): Context {
    return this.api.trace.setSpan(this.parent, this.span);
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      // No message, which might cite what a client has sent.
      this.span.setAttribute('error.type', nameOf(error));
      this.span.setStatus({ code: this.api.SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}

function traceOf(api: Api, span: ApiSpan): string | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if (!isSampled(api, traceFlags)) return undefined;
  const parent = `00-${traceId}-${spanId}-01`;
  const state = traceState?.serialize();
  return state ? `${parent};${state}` : parent;
}

function isSampled({ TraceFlags }: Api, flags: number): boolean {
  return (flags & TraceFlags.SAMPLED) !== 0;
}

/** Of low cardinality: the code of an error, or the name of its class. */
function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
