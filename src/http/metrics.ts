/** The metrics endpoint. */

import type { HttpEndpoint } from './endpoint.js';

/** Renders metrics in Prometheus' text format. */
interface MetricsSource {
  readonly contentType: string;
  render(): Promise<string>;
}

/** @param load what is asked at each scrape */
export function metricsEndpoint(load: () => Promise<MetricsSource>): HttpEndpoint {
  return {
    method: 'GET',
    path: '/metrics',
    async respond() {
      const metrics = await load();
      return {
        status: 200,
        headers: { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' },
        body: await metrics.render(),
      };
    },
  };
}
