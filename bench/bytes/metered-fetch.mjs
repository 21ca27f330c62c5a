// @ts-check
/** A `fetch` for the stream of one client, whose bytes are counted as its socket reads them: heads, chunks and all. */
import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';

export function meteredFetch() {
  /** @type {import('node:net').Socket | undefined} */
  let line;
  /**
   * @param {string} url
   * @param {{ method: string, headers: Record<string, string>, body: string | Uint8Array, signal: AbortSignal }} options
   * @returns {Promise<Response>}
   */
  const fetch = (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { method, headers, signal, agent: new Agent() }, (answer) => {
        // The client ends the stream by its signal.
        answer.on('error', () => undefined);
        const stream = /** @type {ReadableStream} */ (Readable.toWeb(answer));
        resolve(new Response(stream, { status: answer.statusCode ?? 500 }));
      });
      asked.on('socket', (socket) => {
        line = socket;
      });
      asked.on('error', reject);
      asked.end(body);
    });
  return { fetch, bytes: () => line?.bytesRead ?? 0 };
}
