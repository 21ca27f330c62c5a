/**
 * An OpenTelemetry SDK of the test, whose spans stay in memory. The registry is the process's, and so may be several test
 * files: who registers one unregisters it.
 */

import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { vi } from 'vitest';

export interface RecordedSpans {
  /** Those that have ended. */
  all(): ReadableSpan[];
  /** Waits until there is one, and returns it. */
  named(name: string): Promise<ReadableSpan>;
  clear(): void;
}

/** Registers an SDK. @param ratio of the traces that begin here; others are recorded if their parents are */
export function recordSpans(ratio: number): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const root = new TraceIdRatioBasedSampler(ratio);
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  new NodeTracerProvider({ sampler: new ParentBasedSampler({ root }), spanProcessors }).register();
  const all = () => exporter.getFinishedSpans();
  return {
    all,
    named: (name) =>
      vi.waitFor(() => {
        const found = all().find((span) => span.name === name);
        if (found === undefined) throw new Error(`no span "${name}" among ${all().map((span) => span.name)}`);
        return found;
      }),
    clear: () => exporter.reset(),
  };
}

/** Leaves the process without an SDK. */
export function unregisterTelemetry(): void {
  for (const part of [trace, context, propagation]) part.disable();
}

export const traceId = '0af7651916cd43dd8448eb211c80319c';
export const callerSpanId = 'b7ad6b7169203331';
/** Of a caller whose trace is recorded. */
export const traceparent = `00-${traceId}-${callerSpanId}-01`;

/** The ids by which a span and its parent are found. */
export function idsOf(span: ReadableSpan) {
  const { traceId: trace, spanId } = span.spanContext();
  return { trace, span: spanId, parent: span.parentSpanContext?.spanId };
}
