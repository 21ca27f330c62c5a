/** What one WebSocket does at its defaults: runs of it against a plain server, and against Fanfare. */

import { channel, fanfare } from 'fanfare';
import { type ClientEvent, ClientProgram, type Command } from './client-program.js';
import { lastMessageBytes, Observer } from './observer.js';

/** Of a client, after something happened to its connection: names of what it handed out, in order, and what was in them. */
export interface Told {
  readonly events: readonly string[];
  readonly status?: number;
  readonly retryAfter?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly text?: string;
}

export interface WebSocketFacts {
  /** Bytes of the greatest text that was read; null: the greatest that was tried. */
  readonly maxMessageBytes: number | null;
  /** Of a larger one, and the code with which the client closes. */
  readonly tooLarge: (Told & { readonly closeCode?: number }) | null;
  /** In how many calls a text of 64 KiB comes. */
  readonly parts: number;
  /** 503 with `Retry-After: 7`. */
  readonly refused: Told;
  /** Nobody listens. */
  readonly unreachable: Told;
  /** 3501, "go elsewhere". */
  readonly closed: Told;
  /** A close frame without a code. */
  readonly closedBare: Told;
  readonly reset: Told;
  readonly answersPings: boolean;
  readonly offers: { readonly protocol?: string; readonly extensions?: string };
}

export interface WebSocketPatience {
  /** Seconds of silence after which it gives up; null: longer than was waited. */
  readonly silenceSec: number | null;
  /** Seconds between pings of its own. */
  readonly pingsEverySec: number | null;
  /** Whether it stayed connected to Fanfare for as long, and got what was published last. */
  readonly staysWithFanfare: boolean;
}

const startMs = 60_000;
/** What may come behind the first sign of an end. */
const settleMs = 700;

const isOver = ({ event }: ClientEvent) => event === 'error' || event === 'close';

export function told(events: readonly ClientEvent[]): Told {
  const over = events.filter(({ event }) => event !== 'message' && event !== 'open' && event !== 'closing');
  const all = events.filter(({ event }) => event !== 'message' && event !== 'open');
  const find = <Key extends keyof ClientEvent>(key: Key) => all.find((event) => event[key] !== undefined)?.[key];
  const [status, retryAfter, code, reason] = [find('status'), find('retryAfter'), find('code'), find('reason')];
  const text = find('text')
    ?.replaceAll(/127\.0\.0\.1:\d+|:\d{4,5}\b/g, '…')
    .replaceAll(/@[\da-f]{5,8}/g, '');
  return {
    events: over.map(({ event }) => event),
    ...(status !== undefined && { status }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(code !== undefined && { code }),
    ...(reason !== undefined && { reason }),
    ...(text !== undefined && { text }),
  };
}

async function ended(command: Command, url: string, first = ''): Promise<Told> {
  await using program = new ClientProgram(command, url, first);
  await program.sees((events) => events.some(isOver), startMs);
  await program.sees(() => false, settleMs);
  return told(program.events);
}

export async function webSocketFacts(command: Command): Promise<WebSocketFacts> {
  await using observer = await Observer.start();
  const url = (path: string) => observer.url('ws', path);
  const { read, after, hasEnded } = await readSizes(command, observer);
  const closeCode = observer.seen('/sizes')[0]?.closeCode;
  const greatest = Math.max(0, ...read.map(({ bytes = 0 }) => bytes));
  // What only takes its time is still connected.
  const isLimited = greatest < lastMessageBytes && hasEnded;
  const headers = observer.seen('/sizes')[0]?.headers ?? {};
  const [protocol, extensions] = [headers['sec-websocket-protocol'], headers['sec-websocket-extensions']];
  let unreachable = '';
  {
    await using other = await Observer.start();
    unreachable = other.url('ws', '/');
  }
  return {
    maxMessageBytes: isLimited ? greatest : null,
    tooLarge: isLimited ? { ...told(after), ...(closeCode !== undefined && { closeCode }) } : null,
    parts: read.find(({ bytes }) => bytes === 65_536)?.parts ?? 1,
    refused: await ended(command, url('/refused')),
    unreachable: await ended(command, unreachable),
    closed: await ended(command, url('/close')),
    closedBare: await ended(command, url('/close-bare')),
    reset: await ended(command, url('/reset'), 'now'),
    answersPings: await answersPings(command, observer),
    offers: { ...(protocol !== undefined && { protocol }), ...(extensions !== undefined && { extensions }) },
  };
}

async function readSizes(command: Command, observer: Observer) {
  await using program = new ClientProgram(command, observer.url('ws', '/sizes'));
  const isDone = (events: readonly ClientEvent[]) =>
    events.some((event) => isOver(event) || (event.bytes ?? 0) >= lastMessageBytes);
  await program.sees(isDone, 60_000);
  if (program.events.some(isOver)) await program.sees(() => false, settleMs);
  // Before the program is ended, which is an end, too.
  const hasEnded = program.events.some(isOver) || observer.seen('/sizes')[0]?.endedAtMs !== undefined;
  return { read: program.events.filter(({ event }) => event === 'message'), after: program.events, hasEnded };
}

async function answersPings(command: Command, observer: Observer): Promise<boolean> {
  await using program = new ClientProgram(command, observer.url('ws', '/pings'));
  await program.sees((events) => events.some(({ event }) => event === 'open'), startMs);
  await program.sees(() => false, settleMs);
  return observer.seen('/pings')[0]?.pongs === 3;
}

export async function webSocketPatience(command: Command, waitSec: number): Promise<WebSocketPatience> {
  const [silent, staysWithFanfare] = await Promise.all([silence(command, waitSec), stays(command, waitSec)]);
  return { ...silent, staysWithFanfare };
}

async function silence(command: Command, waitSec: number) {
  await using observer = await Observer.start();
  await using program = new ClientProgram(command, observer.url('ws', '/silent'));
  if (!(await program.sees((events) => events.some(({ event }) => event === 'open'), startMs * 2)))
    throw new Error(`not open: ${JSON.stringify(program.events)} ${program.stderr}`);
  const hasEnded = await program.sees((events) => events.some(isOver), waitSec * 1_000);
  const { atMs = 0, endedAtMs, pings = [] } = observer.seen('/silent')[0] ?? {};
  return {
    silenceSec: hasEnded ? Math.round(((endedAtMs ?? performance.now()) - atMs) / 1_000) : null,
    pingsEverySec: pings[0] === undefined ? null : Math.round(pings[0] / 1_000),
  };
}

async function stays(command: Command, waitSec: number): Promise<boolean> {
  const app = fanfare({
    anonymous: true,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: { 'news:{name}': channel({ subscribe: 'anyone' }) },
  });
  try {
    const { url } = await app.listen(0);
    const endpoint = `${url.replace('http', 'ws')}/connection/websocket`;
    const first = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news:a"}}';
    await using program = new ClientProgram(command, endpoint, first);
    const has = (text: string) => (events: readonly ClientEvent[]) =>
      events.some((event) => event.text?.includes(text));
    if (!(await program.sees(has('"subscribe":'), startMs * 2))) return false;
    await program.sees((events) => events.some(isOver), waitSec * 1_000);
    await app.publish('news:a', 'the last one');
    return await program.sees(has('the last one'), 5_000);
  } finally {
    await app.close(0);
  }
}
