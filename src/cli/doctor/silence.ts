/** Waits on idle connections, as clients in quiet channels do, and tells after how long something in between cuts them. */

import type { Conversation } from './conversation.js';
import { answerPing, openStream } from './fallbacks.js';
import { Findings } from './finding.js';
import type { Target } from './target.js';

/** How one idle connection has ended. */
interface Wait {
  readonly what: string;
  /** The longest time without a byte. */
  readonly silentMs: number;
  readonly wasCut: boolean;
}

/**
 * Until two pings have come over each, with all the silence between them that the server leaves, or the time is over: the first one
 * may come soon.
 */
export async function examineSilence(
  target: Target,
  {
    talk,
    token,
    waitMs,
  }: { readonly talk: Conversation | undefined; readonly token: string | undefined; readonly waitMs: number },
  findings: Findings,
): Promise<void> {
  if (waitMs === 0) return findings.leftOut('silence', '--wait waits on idle connections');
  const waits = await Promise.all([talk && overWebSocket(talk, waitMs), overStream(target, token, waitMs)]);
  const done = waits.filter((wait) => wait !== undefined);
  const cut = done.filter(({ wasCut }) => wasCut);
  for (const { what, silentMs } of cut) {
    findings.fault(
      'silence',
      'idle-timeout',
      `${what} is cut after ${inSeconds(silentMs)} of silence, before the server's ping`,
    );
  }
  if (cut.length > 0) return;
  if (done.length === 0) findings.leftOut('silence', 'there is no connection to wait on');
  else
    findings.well(
      'silence',
      `idle for ${inSeconds(Math.max(...done.map(({ silentMs }) => silentMs)))}, and not cut (${done.map(({ what }) => what).join(', ')})`,
    );
}

/** The times without a byte on a connection. */
class Silences {
  readonly #startedMs = performance.now();
  #sinceMs = this.#startedMs;
  #longestMs = 0;
  numPings = 0;

  /** Of all that has passed. */
  get waitedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** The last one, which is not over. */
  get currentMs(): number {
    return performance.now() - this.#sinceMs;
  }

  get longestMs(): number {
    return Math.max(this.#longestMs, this.currentMs);
  }

  broken(): void {
    this.#longestMs = this.longestMs;
    this.#sinceMs = performance.now();
    this.numPings++;
  }
}

/** Of which one is measured in whole. */
const enoughPings = 2;

function overWebSocket(talk: Conversation, waitMs: number): Promise<Wait> {
  const what = 'WebSocket';
  return new Promise((resolve) => {
    const silences = new Silences();
    const settle = (wasCut: boolean) => {
      clearTimeout(timer);
      end();
      resolve({ what, silentMs: wasCut ? silences.currentMs : silences.longestMs, wasCut });
    };
    const timer = setTimeout(() => settle(false), waitMs);
    const end = talk.listen((message) => {
      if (message === undefined) settle(talk.closed?.code === 1006);
      else if (Object.keys(message).length === 0) {
        silences.broken();
        if (silences.numPings === enoughPings) settle(false);
      }
    });
    if (talk.closed !== undefined) settle(talk.closed.code === 1006);
  });
}

async function overStream(target: Target, token: string | undefined, waitMs: number): Promise<Wait | undefined> {
  // What is wrong with the stream itself has been told.
  const opened = await openStream(target, 'http streaming', token, new Findings(() => undefined));
  if (opened === undefined) return undefined;
  const { response } = opened;
  const silences = new Silences();
  while (silences.numPings < enoughPings) {
    const { length } = response.text;
    await response.until(() => response.text.length > length, waitMs - silences.waitedMs);
    // Cut off, or the time is over.
    if (response.isOver || response.text.length === length) break;
    silences.broken();
    await answerPing(target, opened);
  }
  const wasCut = response.isOver && !response.text.includes('"disconnect"');
  response.close();
  return { what: 'HTTP streaming', silentMs: wasCut ? silences.currentMs : silences.longestMs, wasCut };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
