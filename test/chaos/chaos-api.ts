/** Calls of a node's HTTP API, with a time limit and without surprises. */

export type ApiOutcome =
  | { readonly kind: 'ok'; readonly result: Readonly<Record<string, unknown>>; readonly tookMs: number }
  /** The node has said no. */
  | { readonly kind: 'failed'; readonly code: number; readonly tookMs: number }
  /** Nobody knows whether it was done. */
  | { readonly kind: 'unknown'; readonly tookMs: number };

export async function callApi(url: string, method: string, fields: object, limitMs: number): Promise<ApiOutcome> {
  const beganMs = performance.now();
  const tookMs = () => performance.now() - beganMs;
  try {
    const answer = await fetch(`${url}/api/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(limitMs),
    });
    // safe: the API's own answer; what is missing in it is found by whoever uses it
    const { result, error } = (await answer.json()) as {
      result?: Record<string, unknown>;
      error?: { code: number };
    };
    if (result !== undefined) return { kind: 'ok', result, tookMs: tookMs() };
    return { kind: 'failed', code: error?.code ?? answer.status, tookMs: tookMs() };
  } catch {
    // Refused, reset, late: all the same for who has to decide whether to ask again.
    return { kind: 'unknown', tookMs: tookMs() };
  }
}

/** @returns the status, or 0 when nobody answers in time */
export async function healthStatus(url: string, check: 'live' | 'ready', limitMs: number): Promise<number> {
  try {
    const answer = await fetch(`${url}/health/${check}`, { signal: AbortSignal.timeout(limitMs) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    // Told by the 0.
    return 0;
  }
}
