/** A client of long polling made of plain requests, with its own reading of the answers. */

import { Agent, type OutgoingHttpHeaders } from 'node:http';
import type { Disconnect } from '../../../src/model/codes.js';
import { Gathered } from '../centrifuge/awaiting.js';
import { lastWords, oneByOne, post, type SessionAddress, type SessionPeer, textOf } from './stream-peer.js';

export const pollingPath = '/connection/long_polling';

/** The last line of an answer. */
export interface PollTrailer {
  readonly seq: number;
  readonly session?: string;
  readonly node?: string;
  readonly wait_ms?: number;
  readonly grace_ms?: number;
}

export interface PollAnswer {
  readonly status: number;
  readonly trailer: PollTrailer | undefined;
  /** Messages, joined by line feeds. */
  readonly data: string;
}

/** One exchange of long polling. */
export async function askPolling(
  url: string,
  body: object,
  headers: OutgoingHttpHeaders = {},
  agent?: Agent,
): Promise<PollAnswer> {
  const response = await post(`${url}${pollingPath}`, JSON.stringify(body), headers, agent);
  const text = await textOf(response);
  const status = response.statusCode ?? 0;
  if (status !== 200) return { status, trailer: undefined, data: text };
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error(`no line feed at the end: ${text}`);
  // safe: a line of the server's; the tests compare its fields
  const trailer = JSON.parse(lines.pop() ?? '') as PollTrailer;
  return { status, trailer, data: lines.join('\n') };
}

/** Opens a session with its first frame, and polls until it is over. */
export async function openPolling(
  url: string,
  firstFrame: string,
  headers: OutgoingHttpHeaders = {},
): Promise<SessionPeer> {
  const agent = new Agent({ keepAlive: true });
  const opened = await askPolling(url, { data: firstFrame }, headers, agent);
  const { session, node } = opened.trailer ?? {};
  if (session === undefined || node === undefined) throw new Error(`${opened.status} ${opened.data}`);
  const address: SessionAddress = { session, node };
  const frames = new Gathered<string>();
  let isGone = false;
  let reading: Promise<void> = Promise.resolve();
  let resume = (): void => undefined;
  let lastId = 0;
  const send = async (frame: string): Promise<number> => {
    const id = ++lastId;
    return (await askPolling(url, { ...address, id, data: frame }, headers, agent)).status;
  };
  const poll = async (): Promise<void> => {
    let ack = opened.trailer?.seq ?? 0;
    if (opened.data !== '') frames.add(opened.data);
    for (;;) {
      await reading;
      const { status, trailer, data } = await askPolling(url, { ...address, ack }, headers, agent);
      if (status !== 200 || trailer === undefined) return;
      // A batch that comes while nobody reads is not seen, and comes again.
      if (trailer.seq === ack) continue;
      await reading;
      if (trailer.seq !== ack + 1) throw new Error(`batch ${trailer.seq} after ${ack}`);
      ack = trailer.seq;
      frames.add(data);
    }
  };
  const closed: Promise<Disconnect> = poll()
    .catch((error: unknown) => {
      if (!isGone && !isNetworkError(error)) throw error;
    })
    .then(() => {
      agent.destroy();
      return lastWords(frames.items);
    });
  return {
    frames,
    closed,
    address,
    emulate: send,
    send: oneByOne(send),
    pause() {
      reading = new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume: () => resume(),
    destroy() {
      isGone = true;
      resume();
      agent.destroy();
    },
  };
}

function isNetworkError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
