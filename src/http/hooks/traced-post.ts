/** A call of a backend in a span of its own, which the backend gets as its parent. */

import type { SpanOptions, Tracer } from '../../engine/ports/tracer.js';
import type { HookClient, HookRequest, HookResponse } from './hook-client.js';

export interface TracedCall extends Pick<SpanOptions, 'from'> {
  /** Absent: nothing is traced. */
  readonly tracer: Tracer | undefined;
  /** Its name. */
  readonly hook: string;
  /** Its query, which may hold a secret, is not recorded. */
  readonly url: URL;
}

/** Never rejects. */
export async function postTraced(
  client: HookClient,
  request: HookRequest,
  { tracer, hook, url: { origin, pathname }, ...options }: TracedCall,
): Promise<HookResponse> {
  if (tracer === undefined) return client.post(request);
  const span = tracer.begin({
    name: `POST ${pathname}`,
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'url.full': origin + pathname,
      'url.template': pathname,
      'fanfare.hook': hook,
    },
    ...options,
  });
  const post = () => client.post({ ...request, headers: { ...request.headers, ...span.headers() } });
  // An instrumentation of HTTP clients begins a span of its own below this one, and replaces the header.
  const response = await (span.trace === undefined ? post() : span.run(post));
  if (response.ok) span.set({ 'http.response.status_code': response.status });
  const fault = response.ok ? (response.status >= 400 ? String(response.status) : undefined) : response.reason;
  span.end(fault && { code: fault });
  return response;
}
