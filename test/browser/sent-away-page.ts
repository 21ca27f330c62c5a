/** Runs inside the page: what the typed client tells when the server does not let it in. */

import { ClientError, connect, type TransportName } from 'fanfare/client';

export interface Told {
  readonly calls: readonly string[];
  readonly state: string;
  readonly error: string;
  readonly event: string;
  readonly later: string;
  readonly cause: string;
  readonly withinMs: number;
}

declare global {
  interface Window {
    knock(transport: TransportName): Promise<Told>;
    causeWhenDown(url: string): Promise<string>;
  }
}

function inShort(error: unknown): string {
  if (!(error instanceof ClientError)) return String(error);
  const { code, protocolCode, retryable, cause } = error;
  return `${code} ${protocolCode} ${retryable} ${JSON.stringify(cause)}`;
}

const outcomeOf = (promise: Promise<unknown>) => promise.then(() => 'done', inShort);

window.knock = async (transport) => {
  // Far longer than a refusal takes on a machine with other work.
  const client = connect(location.origin, { transports: [transport], timeoutMs: 30_000 });
  const room = client.channel('room');
  let event = '';
  room.on('unsubscribed', ({ code, reason, error }) => {
    event = `${code} ${reason} ${error?.code}`;
  });
  const begun = performance.now();
  const reading = room[Symbol.asyncIterator]().next();
  const calls = await Promise.all([room.publish('x'), room.history(), client.rpc('y'), reading].map(outcomeOf));
  const withinMs = performance.now() - begun;
  const later = await outcomeOf(room[Symbol.asyncIterator]().next());
  const told = { calls, state: room.state, error: inShort(room.error), event, later, withinMs };
  return { ...told, cause: JSON.stringify(client.status.cause) };
};

window.causeWhenDown = async (url) => {
  const client = connect(url);
  await new Promise((resolve) => client.on('error', resolve));
  const { cause } = client.status;
  client.close();
  return `${cause?.code} ${cause?.reason}`;
};
