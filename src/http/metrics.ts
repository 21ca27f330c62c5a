/** The metrics endpoint. */

import type { HttpEndpoint } from './endpoint.js';

/** Renders metrics in the format that the request accepts. */
interface MetricsSource {
  render(accept: string | undefined): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** @param load what is asked at each scrape */
export function metricsEndpoint(load: () => Promise<MetricsSource>): HttpEndpoint {
  return {
    method: 'GET',
    path: '/metrics',
    async respond({ headers }) {
      const metrics = await load();
      const { contentType, text } = await metrics.render(headers.accept);
      return {
        status: 200,
        headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store', Vary: 'Accept' },
        body: text,
      };
    },
  };
}
