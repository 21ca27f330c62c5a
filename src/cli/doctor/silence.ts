/** Waits on idle connections, as clients in quiet channels do, and tells after how long something in between cuts them. */

import type { Conversation } from './conversation.js';
import { openStream } from './fallbacks.js';
import { Findings } from './finding.js';
import type { Target } from './target.js';

/** How one idle connection has ended. */
interface Wait {
  readonly what: string;
  /** The longest time without a byte. */
  readonly silentMs: number;
  readonly wasCut: boolean;
}

/** Until a ping has come over each, or the time is over. */
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

function overWebSocket(talk: Conversation, waitMs: number): Promise<Wait> {
  const what = 'WebSocket';
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const settle = (wasCut: boolean) => {
      clearTimeout(timer);
      end();
      resolve({ what, silentMs: performance.now() - startedMs, wasCut });
    };
    const timer = setTimeout(() => settle(false), waitMs);
    const end = talk.listen((message) => {
      if (message === undefined) settle(talk.closed?.code === 1006);
      else if (Object.keys(message).length === 0) settle(false);
    });
    if (talk.closed !== undefined) settle(talk.closed.code === 1006);
  });
}

async function overStream(target: Target, token: string | undefined, waitMs: number): Promise<Wait | undefined> {
  // What is wrong with the stream itself has been told.
  const opened = await openStream(target, 'http streaming', token, new Findings(() => undefined));
  if (opened === undefined) return undefined;
  const { response } = opened;
  const startedMs = performance.now();
  const { length } = response.text;
  await response.until(() => response.text.length > length, waitMs);
  const wasCut = response.isOver && !response.text.includes('"disconnect"');
  response.close();
  return { what: 'HTTP streaming', silentMs: performance.now() - startedMs, wasCut };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
