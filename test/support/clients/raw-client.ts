/** The least client of the JSON protocol that behaves: it numbers its commands, answers pings and keeps what it gets. */

import { RawWebSocket, type RawWebSocketOptions } from './raw-websocket.js';

/** A decoded message of the server's; its fields are asserted by the tests. */
export type Message = Readonly<Record<string, unknown>>;

export interface PublicationPush {
  readonly channel: string;
  readonly data: unknown;
  readonly offset: number | undefined;
}

/** The code of a reply's error, `undefined` for a result. */
export function errorCode(reply: Message): unknown {
  return isMessage(reply.error) ? reply.error.code : undefined;
}

export class RawClient {
  readonly publications: PublicationPush[] = [];
  /** Whether the application-level pings are answered. */
  answersPings = true;
  #lastId = 0;
  readonly #waiting = new Map<number, { resolve(reply: Message): void; reject(error: Error): void }>();

  private constructor(readonly ws: RawWebSocket) {
    ws.onMessage = (frame) => {
      for (const line of frame.split('\n')) this.#take(line);
    };
    void ws.closed.then(({ code, reason }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`closed with ${code} ${reason}`));
      this.#waiting.clear();
    });
  }

  /** Opens a connection without a command on it. */
  static async open(port: number, options: RawWebSocketOptions = {}): Promise<RawClient> {
    return new RawClient(await RawWebSocket.open(port, options));
  }

  /** Opens a connection and connects, anonymously or with a token. */
  static async connect(port: number, options: RawWebSocketOptions & { token?: string } = {}): Promise<RawClient> {
    const client = await RawClient.open(port, options);
    const reply = await client.command('connect', options.token === undefined ? {} : { token: options.token });
    if (errorCode(reply) !== undefined) throw new Error(`connect failed: ${JSON.stringify(reply)}`);
    return client;
  }

  /** What a connect with a token comes to: the code of the error or of the close, with its text; none when it is let in. */
  static async attempt(port: number, token: string): Promise<{ readonly code: unknown; readonly text: string }> {
    const client = await RawClient.open(port);
    const reply = await client.command('connect', { token }).catch(() => undefined);
    if (reply === undefined) {
      const { code, reason } = await client.ws.closed;
      return { code, text: reason };
    }
    await client.close();
    return { code: errorCode(reply), text: JSON.stringify(reply.error ?? 'let in') };
  }

  /** Sends a command and resolves with its reply; rejects when the connection closes first. */
  command(method: string, fields: unknown): Promise<Message> {
    return this.commandText(method, JSON.stringify(fields));
  }

  /** As {@link command}, with fields that no JSON encoder would write. */
  commandText(method: string, fields: string): Promise<Message> {
    const id = ++this.#lastId;
    const reply = this.reply(id);
    this.ws.sendText(`{"id":${id},"${method}":${fields}}`);
    return reply;
  }

  /** The reply to a command that was sent by hand. */
  reply(id: number): Promise<Message> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close(): Promise<void> {
    return this.ws.close();
  }

  #take(line: string): void {
    const message: unknown = JSON.parse(line);
    if (!isMessage(message)) throw new Error(`not a message: ${line}`);
    if (Object.keys(message).length === 0) {
      if (this.answersPings) this.ws.sendText('{}');
      return;
    }
    if (typeof message.id === 'number') {
      this.#waiting.get(message.id)?.resolve(message);
      this.#waiting.delete(message.id);
    } else if (isMessage(message.push)) this.#push(message.push);
  }

  #push(push: Message): void {
    if (!isMessage(push.pub)) return;
    const { data, offset } = push.pub;
    this.publications.push({
      channel: String(push.channel),
      data,
      offset: typeof offset === 'number' ? offset : undefined,
    });
  }
}

export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
