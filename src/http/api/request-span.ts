/** The span of a request to the API, named by OpenTelemetry's conventions for HTTP. */

import type { Span, Tracer } from '../../engine/ports/tracer.js';
import type { HttpRequest } from '../endpoint.js';

/** In the trace that the caller has begun, if it has. @param path few different ones */
export function beginRequest(tracer: Tracer, { headers }: HttpRequest, path: string, request: string): Span {
  return tracer.accept(headers, {
    name: `POST ${path}`,
    kind: 'server',
    attributes: { 'http.request.method': 'POST', 'http.route': path, 'fanfare.request': request },
  });
}

/** A refusal is no error of the server (conventions for HTTP: only 500 and above are). */
export function endRequest(span: Span, status: number): void {
  span.set({ 'http.response.status_code': status });
  span.end(status >= 500 ? { code: String(status) } : undefined);
}
