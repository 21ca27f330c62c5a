/** An OpenTelemetry SDK for this example: what is sampled, and where spans go. */

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';

export interface TelemetryOptions {
  /** Default: OTLP over HTTP to `OTEL_EXPORTER_OTLP_ENDPOINT` if that is set, otherwise standard output. */
  readonly exporter?: SpanExporter;
  /** The part of traces that begin here that is recorded. Those of a caller are recorded if the caller's are. */
  readonly ratio: number;
}

/** Has to run before `fanfare()`. `shutdown()` sends what has been recorded. */
export function startTelemetry({ exporter = exporterByEnvironment(), ratio }: TelemetryOptions): NodeTracerProvider {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'fanfare-example' }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000 })],
  });
  provider.register();
  return provider;
}

function exporterByEnvironment(): SpanExporter {
  return process.env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? new ConsoleSpanExporter() : new OTLPTraceExporter();
}
