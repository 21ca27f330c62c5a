/** Real faults: each goes on until it is stopped, and does what somebody or something does in production. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Ends what it does, and frees it. Idempotent. */
export type Stop = () => void;

/** Does it again and again, once at a time. What becomes of it is for the metrics to tell. */
export function repeatedly(everyMs: number, action: () => Promise<unknown> | unknown): Stop {
  let isAtWork = false;
  const timer = setInterval(async () => {
    if (isAtWork) return;
    isAtWork = true;
    await Promise.resolve()
      .then(action)
      .catch(() => undefined);
    isAtWork = false;
  }, everyMs);
  return () => clearInterval(timer);
}

/** A client that says what it is told and answers pings. */
export class Client {
  #lastId = 1;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      if (String(data) === '{}') socket.send('{}');
    });
    socket.on('error', () => undefined);
  }

  /** Resolves when it is connected, or has been sent away. @param url of the server */
  static async open(url: string, connectCommand: object = {}): Promise<Client> {
    const client = new Client(new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`));
    await once(client.socket, 'open');
    client.socket.send(JSON.stringify({ id: 1, connect: { name: 'js', version: '5.8.0', ...connectCommand } }));
    await Promise.race([once(client.socket, 'message'), once(client.socket, 'close')]);
    return client;
  }

  send(command: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ id: ++this.#lastId, ...command }));
  }

  /** Subscribes, and then does not read any more. */
  async stopReading(channel: string): Promise<void> {
    this.send({ subscribe: { channel } });
    await Promise.race([once(this.socket, 'message'), once(this.socket, 'close')]);
    this.socket.pause();
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Pages of another origin, which try again. */
export function foreignPages(url: string): Stop {
  return repeatedly(200, () =>
    fetch(`${url}/connection/http_stream`, {
      method: 'POST',
      headers: { Origin: 'https://elsewhere.example', 'Content-Type': 'application/json' },
      body: '{}',
    }),
  );
}

/** Clients with a token that nobody has signed. */
export function wrongTokens(url: string): Stop {
  return repeatedly(150, async () => (await Client.open(url, { token: 'a.b.c' })).close());
}

/** TCP connections that say nothing. */
export class IdleConnections {
  readonly #sockets = new Set<Socket>();

  constructor(private readonly port: number) {}

  async add(count: number): Promise<void> {
    const added = Array.from({ length: count }, () => connect(this.port, '127.0.0.1').on('error', () => undefined));
    for (const socket of added) this.#sockets.add(socket);
    await Promise.all(added.map((socket) => once(socket, 'connect')));
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

/** Stops and goes on, as a process on a machine that has too much to do. */
export function stutter(
  server: { pause(): void; resume(): void },
  { stopMs, runMs }: { readonly stopMs: number; readonly runMs: number },
): Stop {
  let timer: NodeJS.Timeout;
  const stop = () => {
    server.pause();
    timer = setTimeout(run, stopMs);
  };
  const run = () => {
    server.resume();
    timer = setTimeout(stop, runMs);
  };
  stop();
  return () => {
    clearTimeout(timer);
    server.resume();
  };
}
