/** Which page of a list with cursors is shown: the first one again whenever the list is another one. */

import { useState } from 'preact/hooks';

export interface Pages {
  readonly cursor: string;
  /** From 1. */
  readonly page: number;
  first(): void;
  next(cursor: string): void;
}

/** @param list names the list, with its filter */
export function usePages(list: string): Pages {
  const [state, setState] = useState({ list, cursor: '', page: 1 });
  const { cursor, page } = state.list === list ? state : { cursor: '', page: 1 };
  return {
    cursor,
    page,
    first: () => setState({ list, cursor: '', page: 1 }),
    next: (next) => setState({ list, cursor: next, page: page + 1 }),
  };
}
