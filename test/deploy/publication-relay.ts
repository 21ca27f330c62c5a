/** A relay of WebSocket connections that may lose one delivery on its way, as no server should, or deliver it twice. */

import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { LocalServer } from '../support/servers/local-server.js';

export type Fault = 'lost' | 'repeated';

export class PublicationRelay extends LocalServer {
  protected readonly server = createServer();
  readonly #sockets = new WebSocketServer({ server: this.server });
  #isDue: boolean;

  private constructor(
    target: string,
    private readonly fault: Fault | undefined,
  ) {
    super();
    this.#isDue = fault !== undefined;
    this.#sockets.on('connection', (client) => this.#join(client, new WebSocket(target)));
  }

  /** @param target the endpoint, `ws://…` */
  static start(target: string, fault?: Fault): Promise<PublicationRelay> {
    return new PublicationRelay(target, fault).listen();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    await super[Symbol.asyncDispose]();
  }

  #join(client: WebSocket, server: WebSocket): void {
    const early: string[] = [];
    let publisher: string | undefined;
    client.on('message', (data) => {
      const frame = String(data);
      publisher ??= publisherOf(frame);
      if (server.readyState === WebSocket.OPEN) server.send(frame);
      else early.push(frame);
    });
    server.on('open', () => {
      for (const frame of early) server.send(frame);
    });
    server.on('message', (data) => {
      const frame = this.#faulty(String(data), publisher);
      if (frame !== '') client.send(frame);
    });
    client.on('close', () => server.terminate());
    server.on('close', () => client.terminate());
    // 'close' follows.
    for (const socket of [client, server]) socket.on('error', () => {});
  }

  /** Frames have one message a line. A client may wait for its own publications, so that this one is another's. */
  #faulty(frame: string, publisher: string | undefined): string {
    if (!this.#isDue || publisher === undefined) return frame;
    const passed = frame.split('\n').flatMap((line) => {
      if (!this.#isDue || !line.includes('"pub":') || publisherOf(line) === publisher) return [line];
      this.#isDue = false;
      return this.fault === 'lost' ? [] : [line, line];
    });
    return passed.join('\n');
  }
}

function publisherOf(text: string): string | undefined {
  return /"from":(\d+)/.exec(text)?.[1];
}
