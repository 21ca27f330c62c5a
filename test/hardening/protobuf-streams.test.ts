/** Bad inputs B55 and B56 over HTTP streaming: frames in protobuf, and the envelopes in which the later ones come. */

import { describe, expect, it } from 'vitest';
import {
  answerTo,
  httpStreamReading,
  lastWords,
  openStream,
  post,
  protobufStreamReading,
  protobufWriting,
  type SessionAddress,
  type StreamPeer,
} from '../support/clients/stream-peer.js';
import { linesOfProtobuf, protobufSdk } from '../support/documents/protobuf-sdk.js';
import { protobufRefusedVectors } from '../support/documents/protocol-vectors.js';
import { Oracle } from '../support/hardening/oracle.js';

const oracle = Oracle.ofFile();
/** Each connection ends with its answer, so that what the server holds is that of the sessions. */
const closing = { Connection: 'close' };
const typed = { 'Content-Type': protobufWriting.type, ...closing };
const connect = '{"id":1,"connect":{}}';
const ping = '{"id":2,"ping":{}}';

function url(): string {
  return `http://127.0.0.1:${oracle.port}`;
}

async function connected(reading = protobufStreamReading): Promise<StreamPeer> {
  const peer = await openStream(url(), reading, connect);
  await answerTo(peer, 1);
  return peer;
}

/** The status of a request with this body. */
async function emulate(body: string | Uint8Array, headers: Readonly<Record<string, string>> = typed): Promise<number> {
  const answer = await post(`${url()}/emulation`, body, headers);
  answer.resume();
  return answer.statusCode ?? 0;
}

function envelope(address: SessionAddress, data: Uint8Array): Uint8Array {
  return protobufSdk.encodeEmulationRequest({ ...address, data });
}

/** The code with which a stream ends that is opened by these bytes. */
async function codeOfOpening(bytes: Uint8Array): Promise<number> {
  const answer = await post(`${url()}/connection/http_stream`, bytes, typed);
  expect(answer.statusCode).toBe(200);
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part);
  return lastWords([linesOfProtobuf(Buffer.concat(parts))]).code;
}

function truncations(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length - 1 }, (_, n) => bytes.subarray(0, n + 1));
}

describe('frames', () => {
  const frames = protobufRefusedVectors.filter(({ bytes }) => bytes.length > 0);

  oracle.attack.each(frames)('B55 $name in the body that opens a stream', async ({ bytes, code }) => {
    expect(await codeOfOpening(bytes)).toBe(code);
  });

  oracle.attack.each(frames)('B55 $name in a later request', async ({ bytes, code }) => {
    const peer = await connected();
    expect(await emulate(envelope(peer.address, bytes))).toBe(204);
    expect((await peer.closed).code).toBe(code);
  });

  oracle.attack('B55 every truncation of a frame → 3501', { atMost: 100 }, async () => {
    const frame = Buffer.from(protobufWriting.frame(`{"id":1,"connect":{"token":"t","data":{"a":[1]}}}\n${ping}`));
    for (const bytes of truncations(frame)) {
      // Cut between the commands it is a frame.
      if (bytes.length !== 1 + (frame[0] ?? 0)) expect(await codeOfOpening(bytes)).toBe(3501);
    }
  });

  oracle.attack('B56 text to a stream in protobuf → 3506', async () => {
    const peer = await connected();
    const body = JSON.stringify({ ...peer.address, data: ping });
    expect(await emulate(body, { 'Content-Type': 'application/json', ...closing })).toBe(204);
    expect((await peer.closed).code).toBe(3506);
  });

  oracle.attack('B56 bytes to a stream of JSON → 3506', async () => {
    const peer = await connected(httpStreamReading);
    expect(await emulate(envelope(peer.address, Buffer.from(ping)))).toBe(204);
    expect((await peer.closed).code).toBe(3506);
  });
});

describe('envelopes', () => {
  oracle.attack('B55 every truncation → 400, and the session goes on', { atMost: 200 }, async () => {
    const peer = await connected();
    const whole = envelope(peer.address, Buffer.from(protobufWriting.frame(ping)));
    for (const bytes of truncations(whole)) expect(await emulate(bytes)).toBe(400);
    expect(await emulate(whole)).toBe(204);
    expect(await answerTo(peer, 2)).toMatchObject({ id: 2 });
    peer.destroy();
  });

  // A change of the frame itself ends the session with 3501 or 3506, of an id it is another command.
  oracle.attack('B55 every changed byte → refused, or ends this session alone', { atMost: 1_000 }, async () => {
    let peer = await connected();
    const whole = envelope(peer.address, Buffer.from(protobufWriting.frame(ping)));
    for (let at = 0; at < whole.length; at++) {
      const bytes = Uint8Array.from(envelope(peer.address, Buffer.from(protobufWriting.frame(ping))));
      bytes[at] = (bytes[at] ?? 0) ^ (at % 2 === 0 ? 0x80 : 1);
      expect([204, 400, 404, 415], `byte ${at}`).toContain(await emulate(bytes));
      if (at < whole.length - 12) continue;
      peer.destroy();
      peer = await connected();
    }
    peer.destroy();
  });
});

it('takes no frame without a session for a command of anybody', () =>
  oracle.withstands(async () => {
    expect(await emulate(envelope({ session: 'x'.repeat(24), node: 'nobody' }, Buffer.from([0])))).toBe(404);
  }));
