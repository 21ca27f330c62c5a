/** A backend that hooks call: it keeps what it was asked and answers, hangs or hangs up as it is told. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { LocalServer } from './local-server.js';

/** A call as it came in. */
export interface BackendCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The bytes that were signed. */
  readonly text: string;
  /** What the text says. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What to do with a call: answer with JSON, or with something else. */
export type Answer = object | PlainAnswer;

interface PlainAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function isPlain(answer: Answer): answer is PlainAnswer {
  return 'status' in answer && 'text' in answer;
}

type Behaviour = (call: BackendCall) => Answer | 'hang' | 'hang up' | Promise<Answer | 'hang' | 'hang up'>;

export class HookBackend extends LocalServer {
  readonly calls: BackendCall[] = [];
  readonly #behaviours = new Map<string, Behaviour>();
  protected readonly server = createServer((request, response) => void this.#take(request, response));
  readonly #watchers = new Set<() => void>();

  /** @param port of a backend that is to come back. Default: a free one */
  static start(port?: number): Promise<HookBackend> {
    return new HookBackend().listen(port);
  }

  /** Connections that are open, kept ones among them. */
  numConnections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  /** From now on. Paths without a behaviour are answered with 404. */
  on(path: string, behaviour: Behaviour): this {
    this.#behaviours.set(path, behaviour);
    return this;
  }

  callsTo(path: string): BackendCall[] {
    return this.calls.filter((call) => call.path === path);
  }

  /** Resolves with the calls to a path as soon as there are that many. */
  async waitFor(path: string, count = 1): Promise<BackendCall[]> {
    while (this.callsTo(path).length < count) await new Promise<void>((resolve) => this.#watchers.add(resolve));
    return this.callsTo(path);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    // safe: hooks post JSON objects; a test that gets something else fails here
    const body = JSON.parse(text) as BackendCall['body'];
    const call: BackendCall = { path: request.url ?? '', headers: request.headers, text, body };
    this.calls.push(call);
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watch of watchers) watch();
    const answer = (await this.#behaviours.get(call.path)?.(call)) ?? { status: 404, text: '' };
    if (answer === 'hang') return;
    if (answer === 'hang up') {
      request.socket.destroy();
      return;
    }
    const {
      status,
      text: sent,
      headers,
    }: PlainAnswer = isPlain(answer) ? answer : { status: 200, text: JSON.stringify(answer) };
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(sent);
  }
}
