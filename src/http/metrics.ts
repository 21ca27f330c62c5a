/** The metrics endpoint. */

import type { HttpEndpoint } from './endpoint.js';

/** Renders metrics in Prometheus' text format. */
interface MetricsSource {
  readonly contentType: string;
  render(): Promise<string>;
}

export function metricsEndpoint(metrics: MetricsSource): HttpEndpoint {
  return {
    method: 'GET',
    path: '/metrics',
    respond: async () => ({
      status: 200,
      headers: { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' },
      body: await metrics.render(),
    }),
  };
}
