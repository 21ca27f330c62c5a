/** A client of the streaming transports made of plain requests, with its own reading of their formats. */

import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import type { Readable } from 'node:stream';
import type { Disconnect } from '../../../src/model/codes.js';
import type { TransportPeer } from '../../conformance/transport-suite.js';
import { Gathered } from '../centrifuge/awaiting.js';
import { linesOfProtobuf, protobufOfLines, protobufSdk, wholeMessages } from '../documents/protobuf-sdk.js';

/** How frames lie in the bytes of the response. Frames are lines of JSON for the test, whatever they are on the wire. */
export interface StreamReading {
  readonly path: string;
  /** How frames are sent. */
  readonly writing: StreamWriting;
  /** Of the response: `latin1` for bytes. */
  readonly charset: 'utf8' | 'latin1';
  /** Frames of the text so far that are whole, and what is left of it. */
  split(text: string): { readonly frames: readonly string[]; readonly rest: string };
}

/** The bodies in which frames are sent. */
export interface StreamWriting {
  readonly type: string;
  frame(lines: string): string | Uint8Array;
  /** For the emulation endpoint. */
  envelope(address: SessionAddress, lines: string): string | Uint8Array;
}

const jsonWriting: StreamWriting = {
  type: 'application/json',
  frame: (lines) => lines,
  envelope: (address, data) => JSON.stringify({ ...address, data }),
};

export const protobufWriting: StreamWriting = {
  type: 'application/octet-stream',
  frame: protobufOfLines,
  envelope: (address, lines) => protobufSdk.encodeEmulationRequest({ ...address, data: protobufOfLines(lines) }),
};

/** A chunk is a frame; what ends within a message is continued by the next one. */
export const protobufStreamReading: StreamReading = {
  path: '/connection/http_stream',
  writing: protobufWriting,
  charset: 'latin1',
  split(text) {
    const bytes = Buffer.from(text, 'latin1');
    const end = wholeMessages(bytes);
    return { frames: end === 0 ? [] : [linesOfProtobuf(bytes.subarray(0, end))], rest: text.slice(end) };
  },
};

export const httpStreamReading: StreamReading = {
  path: '/connection/http_stream',
  writing: jsonWriting,
  charset: 'utf8',
  // A chunk is a frame; what ends within a line is continued by the next one.
  split: (text) =>
    text.endsWith('\n')
      ? { frames: [text.trim()].filter((frame) => frame !== ''), rest: '' }
      : { frames: [], rest: text },
};

export const sseReading: StreamReading = {
  path: '/connection/sse',
  writing: jsonWriting,
  charset: 'utf8',
  split(text) {
    const blocks = text.split('\n\n');
    const rest = blocks.pop() ?? '';
    const events = blocks.map((block) =>
      block
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice(6))
        .join('\n'),
    );
    return { frames: events.filter((event) => event !== ''), rest };
  },
};

/** Sends a body, of JSON unless the headers say otherwise; resolves with the head of the response, whose body goes on. */
export function post(
  url: string,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders = {},
  agent?: Agent,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers },
      ...(agent && { agent }),
    });
    sent.on('response', resolve).on('error', reject).end(body);
  });
}

/** Reads to the end. */
export async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** What names a session in its client's requests. */
export interface SessionAddress {
  readonly session: string;
  readonly node: string;
}

/** A peer whose frames are requests of their own. */
export interface SessionPeer extends TransportPeer {
  /** There once the client is connected. */
  readonly address: SessionAddress;
  /** Sends a frame in a request of its own; resolves with the status. */
  emulate(frame: string): Promise<number>;
}

export interface StreamPeer extends SessionPeer {
  readonly response: IncomingMessage;
}

/** Opens a stream with its first frame. */
export async function openStream(
  url: string,
  reading: StreamReading,
  firstFrame: string,
  headers: OutgoingHttpHeaders = {},
): Promise<StreamPeer> {
  const agent = new Agent({ keepAlive: true });
  const { writing } = reading;
  const typed = { 'Content-Type': writing.type, ...headers };
  const response = await post(`${url}${reading.path}`, writing.frame(firstFrame), typed);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await textOf(response)}`);
  const frames = framesOf(response, reading);
  // 'close' follows.
  response.on('error', () => undefined);
  const closed = new Promise<Disconnect>((resolve) => {
    response.on('close', () => {
      agent.destroy();
      resolve(lastWords(frames.items));
    });
  });
  const emulate = async (frame: string) => {
    const body = writing.envelope(addressIn(frames.items), frame);
    const answered = await post(`${url}/emulation`, body, typed, agent);
    answered.resume();
    return answered.statusCode ?? 0;
  };
  return Object.assign(peerOver(response, frames, closed, emulate), { response });
}

/** What of a response is a frame, as it comes. */
export function framesOf(response: Readable, reading: StreamReading): Gathered<string> {
  const frames = new Gathered<string>();
  let rest = '';
  response.setEncoding(reading.charset).on('data', (chunk: string) => {
    const split = reading.split(rest + chunk);
    rest = split.rest;
    for (const frame of split.frames) frames.add(frame);
  });
  return frames;
}

export function peerOver(
  response: Readable,
  frames: Gathered<string>,
  closed: Promise<Disconnect>,
  emulate: SessionPeer['emulate'],
): SessionPeer {
  return {
    frames,
    closed,
    get address() {
      return addressIn(frames.items);
    },
    emulate,
    send: oneByOne(emulate),
    pause: () => response.pause(),
    resume: () => response.resume(),
    destroy: () => response.destroy(),
  };
}

/** Requests side by side have no order. Those to a server that is gone are lost. */
export function oneByOne(send: (frame: string) => Promise<unknown>): (frame: string) => void {
  let sending: Promise<unknown> = Promise.resolve();
  return (frame) => {
    sending = sending.then(() => send(frame)).catch(() => undefined);
  };
}

/** The line that answers a command, once it is there. */
export async function answerTo(peer: TransportPeer, id: number): Promise<Record<string, unknown>> {
  for (let count = 1; ; count++) {
    const line = linesOf(await peer.frames.atLeast(count)).find((one) => one.id === id);
    if (line !== undefined) return line;
  }
}

function linesOf(frames: readonly string[]): Record<string, unknown>[] {
  // safe: lines of the server's
  return frames.flatMap((frame) => frame.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>));
}

export function addressIn(frames: readonly string[]): SessionAddress {
  for (const { connect } of linesOf(frames)) {
    // safe: the reply to connect
    if (connect === undefined) continue;
    const { session, node } = connect as SessionAddress;
    return { session, node };
  }
  throw new Error('not connected yet');
}

/** Why the server ended it; code 1006 when it said nothing. */
export function lastWords(frames: readonly string[]): Disconnect {
  // safe: a push
  const push = linesOf(frames).at(-1)?.push as { readonly disconnect?: Disconnect } | undefined;
  return push?.disconnect ?? { code: 1006, reason: '' };
}
