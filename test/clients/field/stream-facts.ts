/** What one reader of server-sent events, or of lines, does at its defaults: against a plain server, and against Fanfare. */

import { channel, fanfare } from 'fanfare';
import { type ClientEvent, ClientProgram, type Command } from './client-program.js';
import { lastLineBytes, Observer, type Seen } from './observer.js';
import { type Told, told } from './websocket-facts.js';

/** How it comes back after an end: seconds until it asks again, and what it says of its place. */
export interface Return {
  readonly afterSec: number;
  readonly lastEventId?: string;
}

export interface StreamFacts {
  /** Bytes of the longest line that was read; null: the longest that was tried. */
  readonly maxLineBytes: number | null;
  readonly tooLong: Told | null;
  /** 503 with `Retry-After: 2`, 401 and 204, each with the pause after which it asks again; null: it does not, in 12 seconds. */
  readonly refused: Readonly<Record<'503' | '401' | '204', Told & { readonly againAfterSec: number | null }>>;
  /** The stream ends after `id: 7` and `retry: 2000`. Null: it does not come back in 12 seconds. */
  readonly cut: Return | null;
}

export interface EventFacts extends StreamFacts {
  /** Messages without data that come of lone comments, and of comments with a blank line. */
  readonly emptyOfLoneComments: number;
  readonly emptyOfCommentBlocks: number;
}

export interface StreamPatience {
  /** Seconds of silence after which it gives up; null: longer than was waited. */
  readonly silenceSec: number | null;
  /** The same for all of what Fanfare sends by itself. */
  readonly fanfareSec: number | null;
  /** Messages without data, or blank lines, that came of what Fanfare sends by itself. */
  readonly hasEmpty: boolean;
  /** What was published did not come, though the connection was there: it waits for more. */
  readonly isHeldBack: boolean;
}

export type StreamKind = 'events' | 'lines';

const startMs = 60_000;
const againMs = 12_000;

const isOver = ({ event }: ClientEvent) => event === 'error' || event === 'close' || event === 'interrupted';
const isMessage = ({ event }: ClientEvent) => event === 'message';
const isEmpty = (event: ClientEvent) => isMessage(event) && (event.bytes ?? 0) === 0;

export async function streamFacts(command: Command, kind: StreamKind): Promise<StreamFacts> {
  await using observer = await Observer.start();
  const [sizes, unavailable, unauthorized, empty, cut] = await Promise.all([
    longest(command, observer, kind),
    refused(command, observer, `/${kind}/503`),
    refused(command, observer, `/${kind}/401`),
    refused(command, observer, `/${kind}/204`),
    kind === 'events' ? returns(command, observer) : null,
  ]);
  return { ...sizes, refused: { 503: unavailable, 401: unauthorized, 204: empty }, cut };
}

export async function eventFacts(command: Command): Promise<EventFacts> {
  await using observer = await Observer.start();
  await using program = new ClientProgram(command, observer.url('http', '/events/comments'));
  const [facts, seesAll] = await Promise.all([
    streamFacts(command, 'events'),
    program.sees((events) => events.some(({ text }) => text === 'blank'), startMs),
  ]);
  if (!seesAll) throw new Error(`comments: ${JSON.stringify(program.events)} ${program.stderr}`);
  const messages = program.events.filter(isMessage);
  const lone = messages.findIndex(({ text }) => text === 'lone');
  return {
    ...facts,
    emptyOfLoneComments: messages.slice(0, lone).filter(isEmpty).length,
    emptyOfCommentBlocks: messages.slice(lone).filter(isEmpty).length,
  };
}

async function longest(command: Command, observer: Observer, kind: StreamKind) {
  await using program = new ClientProgram(command, observer.url('http', `/${kind}/sizes`));
  const prefix = kind === 'events' ? 'data: '.length : 0;
  const isDone = (events: readonly ClientEvent[]) =>
    events.some((event) => isOver(event) || (event.bytes ?? 0) + prefix >= lastLineBytes);
  await program.sees(isDone, 60_000);
  const greatest = Math.max(0, ...program.events.filter(isMessage).map(({ bytes = 0 }) => bytes + prefix));
  // What only takes its time is still connected.
  const hasEnded = program.events.some(isOver) || observer.seen(`/${kind}/sizes`)[0]?.endedAtMs !== undefined;
  const isLimited = greatest < lastLineBytes && hasEnded;
  return { maxLineBytes: isLimited ? greatest : null, tooLong: isLimited ? firstTold(program.events) : null };
}

/** Of clients that go on by themselves, only what came of the first attempt. */
function firstTold(events: readonly ClientEvent[]): Told {
  const end = events.findIndex(isOver);
  return told(events.slice(0, end + 1));
}

async function refused(command: Command, observer: Observer, path: string) {
  await using program = new ClientProgram(command, observer.url('http', path));
  await program.sees(() => observer.seen(path).length > 0, startMs);
  await waitForSecond(program, observer, path);
  const [first, second] = observer.seen(path);
  return { ...firstTold(program.events), againAfterSec: pause(first, second) };
}

async function returns(command: Command, observer: Observer): Promise<Return | null> {
  const path = '/events/cut';
  await using program = new ClientProgram(command, observer.url('http', path));
  await program.sees(isNotEmpty, startMs);
  await waitForSecond(program, observer, path);
  const [first, second] = observer.seen(path);
  const afterSec = pause(first, second);
  if (afterSec === null) return null;
  const id = second?.headers['last-event-id'];
  return { afterSec, ...(id !== undefined && { lastEventId: String(id) }) };
}

const isNotEmpty = (events: readonly ClientEvent[]) => events.length > 0;

async function waitForSecond(program: ClientProgram, observer: Observer, path: string): Promise<void> {
  const untilMs = performance.now() + againMs;
  while (observer.seen(path).length < 2 && performance.now() < untilMs) await program.sees(() => false, 100);
}

/** In halves of a second. */
function pause(first: Seen | undefined, second: Seen | undefined): number | null {
  if (first === undefined || second === undefined) return null;
  return Math.round((second.atMs - (first.endedAtMs ?? first.atMs)) / 500) / 2;
}

export async function streamPatience(command: Command, kind: StreamKind, waitSec: number): Promise<StreamPatience> {
  const [silenceSec, atFanfare] = await Promise.all([
    silence(command, kind, waitSec),
    fanfareStream(command, kind, waitSec),
  ]);
  return { silenceSec, ...atFanfare };
}

async function silence(command: Command, kind: StreamKind, waitSec: number): Promise<number | null> {
  await using observer = await Observer.start();
  const path = `/${kind}/silent`;
  await using program = new ClientProgram(command, observer.url('http', path));
  const untilMs = performance.now() + startMs * 2;
  while (observer.seen(path).length === 0 && performance.now() < untilMs) await program.sees(() => false, 100);
  const isEnded = await program.sees((events) => events.some(isOver), waitSec * 1_000);
  const [first] = observer.seen(path);
  if (first === undefined) throw new Error(`has not asked: ${program.stderr}`);
  const endedAtMs = first.endedAtMs ?? (isEnded ? performance.now() : undefined);
  return endedAtMs === undefined ? null : Math.round((endedAtMs - first.atMs) / 1_000);
}

async function fanfareStream(command: Command, kind: StreamKind, waitSec: number) {
  const app = fanfare({
    anonymous: true,
    transports: { oneWay: true },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    channels: { 'news:{name}': channel({ subscribe: 'anyone', history: { size: 10 }, presence: true }) },
  });
  try {
    const { url } = await app.listen(0);
    await using program = new ClientProgram(command, `${url}/${kind === 'events' ? 'sse' : 'stream'}?channels=news:a`);
    while ((await app.presence('news:a')).length === 0) await program.sees(() => false, 100);
    const beganMs = performance.now();
    await app.publish('news:a', 'the first one');
    const isEnded = await program.sees((events) => events.some(isOver), waitSec * 1_000);
    const fanfareSec = isEnded ? Math.round((performance.now() - beganMs) / 1_000) : null;
    await app.publish('news:a', 'the last one');
    const hasLast = await program.sees((events) => events.some(({ text }) => text?.includes('the last one')), 5_000);
    if (!isEnded && !hasLast && program.stderr !== '') throw new Error(program.stderr);
    return { fanfareSec, hasEmpty: program.events.some(isEmpty), isHeldBack: !isEnded && !hasLast };
  } finally {
    await app.close(0);
  }
}
