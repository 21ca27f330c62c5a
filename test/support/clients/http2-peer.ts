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
import { Gathered } from '../centrifuge/awaiting.js';
import { addressIn, lastWords, type SessionPeer, type StreamReading } from './stream-peer.js';

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
  body?: string,
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
  const answer = await askHttp2(session, { ':method': 'POST', ':path': reading.path }, firstFrame);
  if (answer.status !== 200) throw new Error(`${answer.status} ${await textOfHttp2(answer)}`);
  const { stream } = answer;
  const frames = new Gathered<string>();
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const split = reading.split(rest + chunk);
    rest = split.rest;
    for (const frame of split.frames) frames.add(frame);
  });
  const closed = new Promise<Disconnect>((resolve) => {
    stream.on('close', () => {
      session.close();
      resolve(lastWords(frames.items));
    });
  });
  let sending: Promise<unknown> = Promise.resolve();
  const peer: SessionPeer = {
    frames,
    closed,
    get address() {
      return addressIn(frames.items);
    },
    async emulate(frame) {
      const body = JSON.stringify({ ...peer.address, data: frame });
      const { status, stream: answered } = await askHttp2(session, { ':method': 'POST', ':path': '/emulation' }, body);
      answered.resume();
      return status;
    },
    send(frame) {
      // One after the other: requests side by side have no order. Those to a server that is gone are lost.
      sending = sending.then(() => peer.emulate(frame)).catch(() => undefined);
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    destroy: () => session.destroy(),
  };
  return peer;
}
