/** Where the reader is: the part of the address behind the `#`. */

import { useSyncExternalStore } from 'react';

export type Place =
  | { readonly name: 'board' }
  | { readonly name: 'match'; readonly id: string }
  | { readonly name: 'desk'; readonly code: string };

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first, id = ''] = path.split('/');
  if (first === 'match' && /^[\w-]{1,60}$/.test(id)) return { name: 'match', id };
  if (first === 'desk') return { name: 'desk', code: new URLSearchParams(query).get('code') ?? '' };
  return { name: 'board' };
}

export const hrefOf = (id: string) => `#/match/${id}`;

function watch(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(watch, () => location.hash));
}
