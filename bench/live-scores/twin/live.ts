/** What the pages get from the server and give to it, on Socket.IO: the same hooks as those of the example. */

import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Alert, Ball, BoardRow, MatchEvent, Sheet } from '../../../examples/live-scores/messages.js';
import { type ConnectionStatus, TwinClient } from './client.js';
import { merged, type Story } from './story.js';

const Context = createContext<TwinClient | undefined>(undefined);

export function FanfareProvider({
  client,
  children,
}: {
  readonly client: TwinClient;
  readonly children?: ReactNode;
}): ReactElement {
  return createElement(Context.Provider, { value: client }, children);
}

export const openClient = (token?: string) => new TwinClient(token);

export function useClient(): TwinClient {
  const client = useContext(Context);
  if (client === undefined) throw new Error('there is no provider around this');
  return client;
}

export function useConnection(): ConnectionStatus {
  const client = useClient();
  return useSyncExternalStore(client.onStatus, client.readStatus, client.readStatus);
}

export function useBoard(maxRate: number): ReadonlyMap<string, BoardRow> | undefined {
  const client = useClient();
  const [rows, setRows] = useState<ReadonlyMap<string, BoardRow>>();
  useEffect(() => {
    const add = (changed: readonly BoardRow[]) =>
      setRows((known) => {
        const next = new Map(known);
        for (const row of changed) next.set(row.id, row);
        return next;
      });
    const stopListening = client.on<readonly BoardRow[]>('rows', add);
    const stopWatching = client.watch<readonly BoardRow[]>(
      'board',
      () => ({ rate: maxRate }),
      (all) => setRows(new Map(all.map((row) => [row.id, row]))),
    );
    return () => {
      stopListening();
      stopWatching();
    };
  }, [client, maxRate]);
  return rows;
}

interface MatchAnswer {
  readonly sheet?: Sheet;
  readonly events: Story<MatchEvent>;
  readonly comments: Story<Omit<Said, 'key'>>;
}

interface MatchState {
  readonly sheet: Sheet | undefined;
  readonly events: Story<MatchEvent>['items'];
  readonly comments: Story<Omit<Said, 'key'>>['items'];
}

const nothing: MatchState = { sheet: undefined, events: [], comments: [] };

/** One watch for all hooks of a match: the sheet, the events and the commentary come in one room. */
function useMatchState(id: string): MatchState {
  const client = useClient();
  const [state, setState] = useState(nothing);
  useEffect(() => {
    setState(nothing);
    let current = nothing;
    const update = (change: Partial<MatchState>) => {
      current = { ...current, ...change };
      setState(current);
    };
    const stops = [
      client.on<{ readonly id: string; readonly sheet: Sheet }>('sheet', (told) => {
        if (told.id === id) update({ sheet: told.sheet });
      }),
      client.on<{ readonly id: string } & MatchState['events'][number]>('event', (told) => {
        if (told.id === id) update({ events: merged(current.events, { isWhole: false, items: [told] }) });
      }),
      client.on<{ readonly id: string } & MatchState['comments'][number]>('comment', (told) => {
        if (told.id === id) update({ comments: merged(current.comments, { isWhole: false, items: [told] }) });
      }),
      client.watch<MatchAnswer | undefined>(
        'match',
        () => ({ id, events: positionOf(current.events), comments: positionOf(current.comments) }),
        (answer) => {
          if (answer === undefined) return;
          update({
            sheet: answer.sheet ?? current.sheet,
            events: merged(current.events, answer.events),
            comments: merged(current.comments, answer.comments),
          });
        },
        { id },
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [client, id]);
  return state;
}

function positionOf(items: MatchState['events'] | MatchState['comments']) {
  const last = items.at(-1);
  return last === undefined ? undefined : { epoch: last.epoch, number: last.number };
}

export function useMatch(id: string): Sheet | undefined {
  return useMatchState(id).sheet;
}

export function useBalls(id: string, maxRate: number): readonly Ball[] {
  const client = useClient();
  const [balls, setBalls] = useState<readonly Ball[]>([]);
  useEffect(() => {
    setBalls([]);
    const add = (ball: Ball | undefined) => {
      if (ball !== undefined) setBalls((known) => [...known, ball].slice(-12));
    };
    const stopListening = client.on<Ball>('ball', add);
    const stopWatching = client.watch<Ball | undefined>('ball', () => ({ id, rate: maxRate }), add, { id });
    return () => {
      stopListening();
      stopWatching();
    };
  }, [client, id, maxRate]);
  return balls;
}

export interface Told extends MatchEvent {
  readonly key: string;
}

export function useEvents(id: string): readonly Told[] {
  return useMatchState(id).events.map(({ item, number }) => ({ ...item, key: `e${number}` }));
}

export interface Said {
  readonly key: string;
  readonly second: number;
  readonly text: string;
  readonly author: string;
}

export function useCommentary(id: string): readonly Said[] {
  return useMatchState(id).comments.map(({ item, number }) => ({ ...item, key: `c${number}` }));
}

export function useAlerts(codes: readonly string[]): readonly (Alert & { readonly key: string })[] {
  const client = useClient();
  const [alerts, setAlerts] = useState<readonly (Alert & { readonly key: string })[]>([]);
  const text = codes.join(' ');
  useEffect(() => {
    let count = 0;
    const stopListening = client.on<Alert>('alert', (alert) => {
      count += 1;
      const key = `a${count}`;
      setAlerts((known) => [...known, { ...alert, key }].slice(-3));
    });
    const stopWatching = client.watch(
      'alerts',
      () => ({ codes: text.split(' ') }),
      () => {},
    );
    return () => {
      stopListening();
      stopWatching();
    };
  }, [client, text]);
  return alerts;
}
