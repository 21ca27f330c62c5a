/** An HTTP proxy that loses answers, cuts requests in half and delays what it passes on; the same from run to run. */

import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { LocalServer } from '../servers/local-server.js';

export interface LossyProxyOptions {
  readonly targetPort: number;
  /** Of the random delays and of the ways in which answers are lost. */
  readonly seed: number;
  /** One of so many answers does not arrive. */
  readonly lostEvery: number;
  /** One of so many requests arrives as a half. */
  readonly cutEvery: number;
  /** Requests and answers are each delayed by up to so much. */
  readonly maxDelayMs: number;
  /** Of the lost answers, how many in a hundred are lost in silence: the client has to give up by itself. Default: 10. */
  readonly silentPercent?: number;
}

export class LossyProxy extends LocalServer {
  /** What it has done so far. */
  readonly counts = { requests: 0, cutRequests: 0, lostAnswers: 0, halvedAnswers: 0, silentAnswers: 0 };
  protected readonly server = createServer((incoming, response) => this.#pass(incoming, response));
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timers = new Set<NodeJS.Timeout>();
  #random: number;
  #answers = 0;

  private constructor(private readonly options: LossyProxyOptions) {
    super();
    this.#random = options.seed;
  }

  static start(options: LossyProxyOptions): Promise<LossyProxy> {
    return new LossyProxy(options).listen();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#agent.destroy();
    await super[Symbol.asyncDispose]();
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A client that gives up: what it asked may still arrive.
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    incoming.on('end', () => {
      this.counts.requests++;
      const isCut = this.counts.requests % this.options.cutEvery === 0;
      this.#later(() => this.#forward(incoming, response, Buffer.concat(chunks), isCut));
    });
  }

  #forward(incoming: IncomingMessage, response: ServerResponse, body: Buffer, isCut: boolean): void {
    const { method, url, headers } = incoming;
    const outgoing = request({
      host: '127.0.0.1',
      port: this.options.targetPort,
      method,
      path: url,
      headers: { ...headers, 'content-length': body.length },
      agent: isCut ? false : this.#agent,
    });
    outgoing.on('error', () => response.destroy());
    // Who waits for an answer and has gone: the server is told.
    response.on('close', () => outgoing.destroy());
    if (isCut) {
      this.counts.cutRequests++;
      outgoing.write(body.subarray(0, body.length >> 1), () => {
        outgoing.destroy();
        response.destroy();
      });
      return;
    }
    outgoing.on('response', (answer) => this.#answer(answer, response));
    outgoing.end(body);
  }

  #answer(answer: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('error', () => response.destroy());
    answer.on('end', () => {
      const isLost = ++this.#answers % this.options.lostEvery === 0;
      this.#later(() => {
        if (isLost) this.#lose(answer, response, Buffer.concat(chunks));
        else response.writeHead(answer.statusCode ?? 502, answer.headers).end(Buffer.concat(chunks));
      });
    });
  }

  #lose(answer: IncomingMessage, response: ServerResponse, body: Buffer): void {
    this.counts.lostAnswers++;
    const way = this.#unit() * 100;
    const { silentPercent = 10 } = this.options;
    if (way < silentPercent) {
      // The client hears nothing, not even that the connection ends.
      this.counts.silentAnswers++;
    } else if (way < 50 && body.length > 1) {
      this.counts.halvedAnswers++;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    } else response.destroy();
  }

  #later(task: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, this.#unit() * this.options.maxDelayMs);
    this.#timers.add(timer);
  }

  /** Park and Miller's generator: enough for delays. */
  #unit(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }
}
