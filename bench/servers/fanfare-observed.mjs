// @ts-check
/**
 * The application of fanfare-plain.mjs with what BENCH_WITH names of all that looks at a server: metrics, the console, and
 * traces of one publication in a hundred by OpenTelemetry's SDK, which sends them every 5 seconds, as it does by default,
 * where OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says.
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { CONSOLE_PASSWORD } from '../everything-on/observers.mjs';
import { openApp } from './open-app.mjs';

const parts = (process.env.BENCH_WITH ?? '').split(',');
const tracing = parts.includes('tracing');

if (tracing) {
  new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'fanfare' }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.01) }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  }).register();
}

openApp(
  { tracing },
  { metrics: parts.includes('metrics'), ...(parts.includes('console') && { console: { password: CONSOLE_PASSWORD } }) },
);
