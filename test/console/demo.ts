/** A server with the console and something to see: clients, messages, a refusal, connections that have ended. */

import { Centrifuge } from 'centrifuge';
import { WebSocket } from 'ws';
import { type ConsoleServer, consolePassword, startConsoleServer } from '../support/servers/console-server.js';

export interface Demo extends AsyncDisposable {
  readonly server: ConsoleServer;
  /** A connected client of a user. */
  connect(user: string): Promise<Centrifuge>;
  /** Resolves when the subscription is granted, or with the code of its refusal. */
  subscribe(client: Centrifuge, channel: string): Promise<number | undefined>;
}

export async function startDemo(): Promise<Demo> {
  const server = await startConsoleServer({ password: consolePassword });
  const clients: Centrifuge[] = [];
  const demo: Demo = {
    server,
    async connect(user) {
      const client = new Centrifuge(server.clientUrl, { token: user, websocket: WebSocket, minReconnectDelay: 50 });
      clients.push(client);
      client.connect();
      await client.ready(20_000);
      return client;
    },
    subscribe: (client, channel) =>
      new Promise((resolve) => {
        const subscription = client.newSubscription(channel);
        subscription.on('subscribed', () => resolve(undefined));
        subscription.on('unsubscribed', ({ code }) => resolve(code));
        subscription.subscribe();
      }),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
  return demo;
}

/** Names of users and rooms for pictures. */
const users = ['ada', 'grace', 'linus', 'margaret', 'edsger', 'barbara', 'donald', 'radia', 'ken', 'hedy'];
const rooms = ['lobby', 'kitchen', 'garden', 'library', 'workshop', 'cellar'];

/** Fills the demo with clients, and publishes until it is stopped. @returns stops it */
export async function fill(demo: Demo): Promise<() => void> {
  const all = [];
  for (const [n, user] of [...users, ...users, ...users].entries()) {
    const client = await demo.connect(user);
    for (const room of rooms.slice(0, 1 + (n % rooms.length))) await demo.subscribe(client, `chat:${room}`);
    await demo.subscribe(client, 'orders:berlin');
    all.push(client);
  }
  const [first, second] = all;
  if (first === undefined || second === undefined) throw new Error('there are no clients');
  await demo.subscribe(first, 'private:vault');
  await first.publish('orders:berlin', { item: 'tea' }).catch(() => undefined);
  await second.history('orders:berlin', { limit: 1 }).catch(() => undefined);
  second.disconnect();
  let n = 0;
  const timer = setInterval(() => {
    const busy = 3 + Math.round(4 * Math.sin(n++ / 9));
    for (let i = 0; i < busy; i++) {
      const room = rooms[(n + i) % rooms.length] ?? 'lobby';
      void first
        .publish(`chat:${room}`, { text: `message ${n}.${i}`, from: users[i % users.length] })
        .catch(() => undefined);
    }
    if (n % 23 === 0) void first.history('private:vault', { limit: 1 }).catch(() => undefined);
  }, 200);
  return () => clearInterval(timer);
}
