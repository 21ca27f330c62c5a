/** One answer of the server's to a command, and what the official client was seen to do with it. */

import type { Stage } from './stage.js';

/** What was sent when it was answered, or that nothing was. */
export type Asked =
  | 'connect'
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'presence'
  | 'presence_stats'
  | 'history'
  | 'rpc'
  | 'send'
  | 'refresh'
  | 'sub_refresh'
  | 'pong'
  | 'anything'
  | 'nothing';

/** Who or what brings it about. */
export type Cause =
  | 'stale token'
  | 'clock'
  | 'race'
  | 'line'
  | 'load'
  | 'fault'
  | 'application'
  | 'configuration'
  | 'mistake'
  | 'rule';

/** These no user can help, so none of them may keep anybody away. */
export const nobodysFault: readonly Cause[] = ['stale token', 'clock', 'race', 'line', 'load', 'fault'];

/** What the client was seen to do. */
export type Fate = 'comes back' | 'stays away' | 'asks again' | 'ends' | 'goes on' | 'fails';

/** After these it does nothing more by itself. */
export const finalFates: readonly Fate[] = ['stays away', 'ends'];

export const wordsOf: Readonly<Record<Fate, string>> = {
  'comes back': 'comes back, with a new connection',
  'stays away': '**stays away**',
  'asks again': 'asks again, on the same connection',
  ends: '**ends the subscription**, the connection goes on',
  'goes on': 'goes on, and asks again in time',
  fails: 'fails the call, all else goes on',
};

/** An error's code, a close code or an unsubscribe code, with what became of the client. */
export interface Seen {
  readonly code: number;
  readonly fate: Fate;
}

export interface Answer {
  readonly asked: Asked;
  readonly code: number;
  readonly cause: Cause;
  /** In the words of the table. */
  readonly when: string;
  /** Brings it about on a real server, with the real client. */
  readonly run: (stage: Stage) => Promise<Seen>;
}

type What = readonly [asked: Asked, code: number, cause: Cause];

export function answer([asked, code, cause]: What, when: string, run: Answer['run']): Answer {
  return { asked, code, cause, when, run };
}

/** What functions of the application can answer with in place of a yes: the code, the answer, and how it is called. */
export const refusals = [
  [1_000, { error: { code: 1_000, message: 'later', temporary: true } }, 'an error of its own, temporary'],
  [1_001, { error: { code: 1_001, message: 'never' } }, 'an error of its own (400 to 1999)'],
  [4_000, { disconnect: { code: 4_000, reason: 'later' } }, 'a close of its own up to 4499'],
  [4_500, { disconnect: { code: 4_500, reason: 'never' } }, 'a close of its own from 4500'],
] as const;
