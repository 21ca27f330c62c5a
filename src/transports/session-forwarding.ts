/** Forwards requests to the node that has their session, and answers those that other nodes forward. */

import * as v from 'valibot';
import type { Cluster } from '../engine/cluster/cluster.js';
import { Recipient } from './recipient.js';
import type { SessionAnswer, SessionDirectory, SessionPeers, SessionRequest } from './session-directory.js';

const about = 'session_request';

const addressed = {
  node: v.string(),
  session: v.string(),
  binding: v.object({ origin: v.exactOptional(v.string()), cookies: v.exactOptional(v.string()) }),
};

/** Messages between nodes are text, so a frame of bytes is in a field of its own, which a node without the codec refuses. */
const sessionRequest = v.union([
  v.object({
    ...addressed,
    words: v.union([v.string(), v.record(v.string(), v.union([v.string(), v.number()]))]),
  }),
  v.object({ ...addressed, frameBase64: v.string() }),
]);

const sessionAnswer = v.object({
  status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
  text: v.optional(v.string()),
  base64: v.optional(v.string()),
});

/** Statuses for missing answers. Clients treat 404 as the end of the session, and retry after the others. */
const statuses = { gone: 404, unknown: 404, refused: 502, closing: 503, late: 504 } as const;

/** F1: its clients find another node within 5 s. */
const goneAfterMs = 4_000;

/** Answers at once when the session's node leaves, or this one closes, and soon when that node is silent. */
export class ForwardingPeers implements SessionPeers {
  /** @param timeoutMs longer than any request may take on its node */
  constructor(
    private readonly cluster: Cluster,
    private readonly timeoutMs: number,
  ) {}

  async forward(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer> {
    const gone = new AbortController();
    recipient.onLeave(() => gone.abort());
    if (recipient.hasLeft) gone.abort();
    const options = { deadlineMs: this.timeoutMs, goneAfterMs, gone: gone.signal };
    const answer = await this.cluster.ask(request.node, about, toMessage(request), options);
    if (!answer.ok) return { status: statuses[answer.reason] };
    const parsed = v.safeParse(sessionAnswer, answer.body);
    if (!parsed.success) return { status: 502 };
    const { status, text, base64 } = parsed.output;
    if (base64 !== undefined) return { status, body: fromBase64(base64) };
    return text === undefined ? { status } : { status, body: text };
  }
}

/** Answers requests that others forward to this node. */
export function answerForwarded(cluster: Cluster, directory: SessionDirectory): void {
  cluster.serve(about, async (value, _from, gone) => {
    const recipient = new Recipient();
    gone.addEventListener('abort', () => recipient.leave(), { once: true });
    const { status, body } = await directory.answer(fromMessage(v.parse(sessionRequest, value)), recipient);
    if (body === undefined) return { status };
    if (typeof body === 'string') return { status, text: body };
    return { status, base64: toBase64(body) };
  });
}

function toMessage({ words, ...addressed }: SessionRequest): v.InferInput<typeof sessionRequest> {
  return words instanceof Uint8Array ? { ...addressed, frameBase64: toBase64(words) } : { ...addressed, words };
}

function fromMessage(message: v.InferOutput<typeof sessionRequest>): SessionRequest {
  if ('words' in message) return message;
  const { frameBase64, ...addressed } = message;
  return { ...addressed, words: fromBase64(frameBase64) };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
