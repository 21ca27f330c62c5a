/** Requests over HTTP/2 by `node:http2`, and a client of the streaming transports made of them. */

import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Disconnect } from '../../../src/model/codes.js';
import { addressIn, framesOf, lastWords, peerOver, type SessionPeer, type StreamReading } from './stream-peer.js';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ClientHttp2Stream;
}

/** A connection that speaks nothing else. */
export async function openHttp2(url: string, ca: string): Promise<ClientHttp2Session> {
  const session = connect(url, { ca });
  // 'close' follows.
  session.on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

/** Resolves with the head of the response, whose body goes on. */
export async function askHttp2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Uint8Array,
): Promise<Http2Answer> {
  const stream = session.request(
    { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    { endStream: body === undefined },
  );
  stream.on('error', () => undefined);
  const answered = Promise.race([
    once(stream, 'response'),
    once(stream, 'close').then(() => Promise.reject(new Error(`closed with ${stream.rstCode}`))),
  ]);
  if (body !== undefined) stream.end(body);
  const [head] = await answered;
  return { status: Number(head[':status']), headers: head, stream };
}

export async function textOfHttp2({ stream }: Http2Answer): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

/** Opens a stream with its first frame, on a connection of its own, which also takes what the client sends. */
export async function openHttp2Stream(
  url: string,
  ca: string,
  reading: StreamReading,
  firstFrame: string,
): Promise<SessionPeer> {
  const session = await openHttp2(url, ca);
  const { writing } = reading;
  const ask = (path: string, body: string | Uint8Array) =>
    askHttp2(session, { ':method': 'POST', ':path': path, 'content-type': writing.type }, body);
  const answer = await ask(reading.path, writing.frame(firstFrame));
  if (answer.status !== 200) throw new Error(`${answer.status} ${await textOfHttp2(answer)}`);
  const { stream } = answer;
  const frames = framesOf(stream, reading);
  const closed = new Promise<Disconnect>((resolve) => {
    stream.on('close', () => {
      session.close();
      resolve(lastWords(frames.items));
    });
  });
  const emulate = async (frame: string) => {
    const { status, stream: answered } = await ask('/emulation', writing.envelope(addressIn(frames.items), frame));
    answered.resume();
    return status;
  };
  return Object.assign(peerOver(stream, frames, closed, emulate), { destroy: () => session.destroy() });
}
