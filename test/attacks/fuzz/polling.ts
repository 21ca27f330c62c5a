/** Long polling: the bodies of its requests, and a server that gets them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { channel, fanfare } from 'fanfare';
import { decodeRequest } from '../../../src/transports/long-polling/messages.js';
import { askPolling, pollingPath } from '../../support/clients/polling-peer.js';
import { post, textOf } from '../../support/clients/stream-peer.js';
import { commandVectors } from '../../support/documents/protocol-vectors.js';
import type { FuzzTarget } from './fuzzing.js';
import { mutatedJson } from './mutate-json.js';
import { mutatedText } from './mutate-text.js';

function vectors(file: string): string[] {
  const text = readFileSync(new URL(`../../vectors/long-polling/${file}.json`, import.meta.url), 'utf8');
  // safe: each has its bytes
  return (JSON.parse(text) as readonly { readonly bytes: string }[]).map(({ bytes }) => bytes);
}

const corpus = [...vectors('requests'), ...vectors('refused')].filter(({ length }) => length < 4_096);

export const pollingBodies: FuzzTarget<string> = {
  name: 'bodies of long polling',
  about: 'read as one of four requests with a count that counts, or refused',
  corpus,
  mutate: mutatedJson,
  attack(text) {
    const request = decodeRequest(text);
    if (request === undefined) return;
    if (request.kind === 'open') {
      assert.ok(typeof request.frame === 'string' && request.frame !== '');
      return;
    }
    const { addressee, asked } = request;
    assert.deepEqual([typeof addressee.session, typeof addressee.node], ['string', 'string']);
    if (asked.kind === 'poll') assert.ok(Number.isSafeInteger(asked.ack) && asked.ack >= 0);
    if (asked.kind === 'send')
      assert.ok(Number.isSafeInteger(asked.id) && asked.id > 0 && typeof asked.frame === 'string');
  },
};

/** PROTOCOL.md, "Long polling". */
const statuses = [200, 204, 400, 401, 403, 404, 408, 409, 413, 415];
/** In place of what names the session of the moment. */
const [sessionMark, nodeMark] = ['kI2Vy3mVj0o9cZkGxw0b1Q7t', 'Qm9kZS0x'];
const firstFrame = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:a"}}';

/** A server in this process, and requests for a session that is there, or just was. */
export class PollingServer implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true });
  #session = { session: '', node: '' };
  #numAsked = 0;

  private constructor(
    private readonly app: { close(deadlineMs: number): Promise<unknown> },
    private readonly url: string,
  ) {}

  static async start(): Promise<PollingServer> {
    const app = fanfare({
      anonymous: true,
      channels: { 'room:{name}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 10 } }) },
      limits: { pollWaitMs: 5, pollGraceMs: 5_000, pollSpacingMs: 0, maxFrameBytes: 16_384 },
      log: { debug() {}, info() {}, warn() {}, error: console.error },
    });
    const { url } = await app.listen(0);
    return new PollingServer(app, url);
  }

  readonly target: FuzzTarget<string> = {
    name: 'a server that is polled',
    about: 'each body has an answer of the protocol and nothing is cached; who opens a session next is served',
    corpus: [
      ...corpus,
      // Each command in a frame of the session.
      ...commandVectors
        .filter(({ bytes }) => bytes.length < 2_048)
        .map(({ bytes }) => JSON.stringify({ session: sessionMark, node: nodeMark, id: 1, data: bytes })),
    ],
    mutate: (random, text, all) =>
      random.below(4) === 0 ? mutatedText(random, text, all) : mutatedJson(random, text, all),
    attack: (text) => this.#attack(text),
  };

  async #attack(text: string): Promise<void> {
    if (this.#numAsked++ % 20 === 0) await this.#open();
    const { session, node } = this.#session;
    const body = text.replaceAll(sessionMark, session).replaceAll(nodeMark, node);
    const response = await post(`${this.url}${pollingPath}`, body, {}, this.#agent);
    const answer = await textOf(response);
    const status = response.statusCode ?? 0;
    assert.ok(statuses.includes(status), `status ${status}: ${answer.slice(0, 200)}`);
    assert.match(response.headers['cache-control'] ?? '', /no-store/);
    if (status === 200)
      assert.ok(Number.isSafeInteger(JSON.parse(answer.trimEnd().split('\n').at(-1) ?? '').seq), 'no trailer');
  }

  /** A client that does all right. */
  async #open(): Promise<void> {
    const { status, trailer, data } = await askPolling(this.url, { data: firstFrame }, {}, this.#agent);
    assert.equal(status, 200, data);
    const { session = '', node = '' } = trailer ?? {};
    assert.notEqual(session, '');
    this.#session = { session, node };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.app.close(0);
  }
}
