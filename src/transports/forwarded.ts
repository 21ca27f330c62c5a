/** Reads the headers in which proxies send client addresses, element by element from the nearest proxy on. */

import { isToken, pairOf, splitOutsideQuotes } from '../http/header-list.js';
import type { ProxyHeader } from '../model/proxy-header.js';
import { type NodeFault, readNode } from './node-address.js';

export type ForwardedNode =
  | { readonly address: string }
  /** @property text as it is in the header */
  | { readonly fault: NodeFault; readonly text: string };

/** Longer than any proxy writes; longer ones are not parsed. */
const maxElementLength = 512;

/** From right to left, without empty elements (RFC 9110, 5.6.1). Ends with the first that cannot be parsed. */
export function* forwardedNodes(header: ProxyHeader, value: string): Generator<ForwardedNode, void, void> {
  const findStart = header === 'Forwarded' ? startOfForwarded : startOfEntry;
  for (let end = value.length; end > 0; ) {
    const start = findStart(value, end);
    const text = value.slice(start, end).trim();
    end = start - 1;
    if (text === '') continue;
    const node = header === 'Forwarded' ? forwardedFor(text) : readNode(text);
    if ('address' in node) yield node;
    else {
      yield { ...node, text };
      return;
    }
  }
}

function startOfEntry(value: string, end: number): number {
  return value.lastIndexOf(',', end - 1) + 1;
}

/**
 * The start of the shortest element that ends there. Parsing from the left would trust the client, which wrote the
 * beginning: a quote opened there would hide what the proxies have added.
 */
function startOfForwarded(value: string, end: number): number {
  const least = Math.max(0, end - maxElementLength);
  for (let comma = end; comma > least; ) {
    comma = value.lastIndexOf(',', comma - 1);
    if (comma < least - 1) break;
    const text = value.slice(comma + 1, end).trim();
    if (text === '' || pairsOf(text) !== undefined) return comma + 1;
    if (comma === -1) break;
  }
  return startOfEntry(value, end);
}

/** `undefined` if the text is not an element. */
function pairsOf(text: string): readonly (readonly [name: string, value: string])[] | undefined {
  const pairs: (readonly [string, string])[] = [];
  for (const part of splitOutsideQuotes(text, ';')) {
    const pair = pairOf(part);
    // IPv6 addresses without the required quotes are common.
    if (pair === undefined || !isToken(pair[0]) || !/^[^=]*=[ \t]*(?:".*"|[^\s",;]+)$/.test(part)) return undefined;
    pairs.push(pair);
  }
  return pairs;
}

function forwardedFor(text: string): { readonly address: string } | { readonly fault: NodeFault } {
  const pairs = text.length > maxElementLength ? undefined : pairsOf(text);
  const nodes = pairs?.filter(([name]) => name === 'for') ?? [];
  const [only] = nodes;
  return only === undefined || nodes.length > 1 ? { fault: 'no address' } : readNode(only[1]);
}
