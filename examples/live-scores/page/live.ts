/** Everything that the pages get from the server and give to it: subscriptions as React hooks, and the calls. */

import { anyOf, connect, tag } from 'fanfare/client';
import { protobuf } from 'fanfare/client/protobuf';
import { createFanfare } from 'fanfare/react';
import type { ScoresApp } from '../app.js';
import type { Alert, Ball, BoardRow, MatchEvent, Sheet } from '../messages.js';

export const { FanfareProvider, useChannel, useMap, useClient, useConnection } = createFanfare<ScoresApp>();

export const openClient = (token?: string) =>
  connect<ScoresApp>('/', { codec: protobuf, ...(token !== undefined && { token }) });

/** All matches that are known; `undefined` until they have come. */
export function useBoard(maxRate: number): ReadonlyMap<string, BoardRow> | undefined {
  const { entries, loading } = useMap('board:today', { maxRate });
  return loading ? undefined : entries;
}

/** `undefined` until it has come. */
export function useMatch(id: string): Sheet | undefined {
  return useChannel(`match:${id}` as const, { keep: 1, delta: true }).messages.at(-1)?.data;
}

/** The newest places of the ball, the last one last. */
export function useBalls(id: string, maxRate: number): readonly Ball[] {
  return useChannel(`ball:${id}` as const, { keep: 12, maxRate }).messages.map(({ data }) => data);
}

export interface Told extends MatchEvent {
  readonly key: string;
}

export function useEvents(id: string): readonly Told[] {
  const { messages } = useChannel(`events:${id}` as const, { keep: 500, history: 500 });
  return messages.map(({ data, offset }) => ({ ...data, key: `e${offset}` }));
}

export interface Said {
  readonly key: string;
  readonly second: number;
  readonly text: string;
  readonly author: string;
}

export function useCommentary(id: string): readonly Said[] {
  const { messages } = useChannel(`commentary:${id}` as const, { keep: 200, history: 200 });
  return messages.map(({ data, info, offset }) => ({ ...data, author: nameOf(info?.connInfo), key: `c${offset}` }));
}

/** What happens to these teams, by their codes: goals, red cards, late leads, results. */
export function useAlerts(codes: readonly string[]): readonly (Alert & { readonly key: string })[] {
  const filter = anyOf(tag('home').isOneOf(...codes), tag('away').isOneOf(...codes));
  const { messages } = useChannel('alerts', { keep: 3, filter });
  return messages.map(({ data, offset }) => ({ ...data, key: `a${offset}` }));
}

function nameOf(info: unknown): string {
  return typeof info === 'object' && info !== null && 'name' in info && typeof info.name === 'string' ? info.name : '';
}
