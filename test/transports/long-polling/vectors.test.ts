/** The golden bytes of long polling, as the server and the client each read and write them; every truncation of them. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeAnswer } from '../../../src/client/long-polling-answer.js';
import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';
import {
  type ClientRequest,
  decodeRequest,
  encodeAnswer,
  type OpenedSession,
} from '../../../src/transports/long-polling/messages.js';

interface RequestVector {
  readonly name: string;
  readonly request: ClientRequest;
  readonly bytes: string;
}

interface AnswerVector {
  readonly name: string;
  readonly seq: number;
  readonly frames: readonly string[];
  readonly opened?: OpenedSession;
  readonly bytes: string;
  /** What the client hands on. */
  readonly data: string;
}

function load<Vector>(file: string): Vector[] {
  const text = readFileSync(new URL(`../../vectors/long-polling/${file}.json`, import.meta.url), 'utf8');
  // safe: the tests compare every vector with what the code makes of it
  return JSON.parse(text) as Vector[];
}

const requests = load<RequestVector>('requests');
const answers = load<AnswerVector>('answers');
const refused = load<{ readonly name: string; readonly bytes: string }>('refused');

describe('the server', () => {
  test.each(requests)('reads a request: $name', ({ request, bytes }) => {
    expect(decodeRequest(bytes)).toEqual(request);
    for (let end = 0; end < bytes.length; end++) expect(decodeRequest(bytes.slice(0, end)), `${end}`).toBeUndefined();
  });

  test.each(refused)('refuses: $name', ({ bytes }) => expect(decodeRequest(bytes)).toBeUndefined());

  test('ignores fields that it does not know', () => {
    for (const { request, bytes } of requests)
      expect(decodeRequest(bytes.replace('{', '{"later":[{}],'))).toEqual(request);
  });

  test.each(answers)('writes an answer: $name', ({ seq, frames, opened, bytes }) => {
    const encoded = encodeAnswer(
      seq,
      frames.map((frame) => Buffer.from(frame)),
      opened,
    );
    expect(Buffer.from(encoded).toString()).toBe(bytes);
  });
});

describe('the client', () => {
  test.each(answers)('reads an answer, and takes none that was cut: $name', ({ seq, data, opened, bytes }) => {
    const { session, node } = opened ?? {};
    const waits = opened && { wait_ms: opened.waitMs, grace_ms: opened.graceMs };
    expect(decodeAnswer(bytes)).toEqual({ seq, data, ...(opened && { session, node }), ...waits });
    for (let end = 0; end < bytes.length; end++) expect(() => decodeAnswer(bytes.slice(0, end)), `${end}`).toThrow();
  });

  test.each(['<html>\nlogged out\n', 'null\n', '{}\n', '{"seq":"1"}\n', '[]\n', '\n', '1\n'])(
    'takes nothing that others on the way have made: %j',
    (text) => expect(() => decodeAnswer(text)).toThrow(),
  );

  test('writes the requests: open, poll, send, close', async () => {
    const bytesOf = (name: string) => requests.find((vector) => vector.name === name)?.bytes;
    const answerOf = (name: string) => answers.find((vector) => vector.name === name)?.bytes ?? '';
    const asked: string[] = [];
    let socket: LongPollingSocket | undefined;
    await new Promise<void>((resolve) => {
      const fake = async (_: unknown, init?: RequestInit): Promise<Response> => {
        const body = String(init?.body);
        asked.push(body);
        if (body === bytesOf('open')) return new Response(answerOf('opened: not connected yet'));
        if (body === bytesOf('poll: nothing was received yet')) return new Response(answerOf('opened'));
        if (body.includes('"close"')) resolve();
        if (body.includes('"ack"')) return new Promise(() => undefined);
        return new Response(null, { status: 204 });
      };
      const made = new LongPollingSocket('http://127.0.0.1/', null, { fetch: fake as typeof fetch });
      socket = made;
      made.onopen = () => made.send('{"id":1,"connect":{"token":"abc"}}');
      made.onmessage = async () => {
        made.send('{"id":3,"publish":{"channel":"news","data":"é🎺"}}');
        // Not in one request with the first.
        await Promise.resolve();
        await new Promise((settled) => setImmediate(settled));
        made.send('{}');
        await new Promise((settled) => setImmediate(settled));
        made.close();
      };
    });
    expect(socket?.readyState).toBeGreaterThanOrEqual(2);
    expect(asked.filter((body) => !body.includes('"ack":1}'))).toEqual(
      ['open', 'poll: nothing was received yet', 'send', 'send: a pong', 'close'].map(bytesOf),
    );
  });
});
