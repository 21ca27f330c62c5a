/** Offers of compression in an upgrade (RFC 7692 section 7.1), and what the server agrees to. */

// A namespace import: Bun's ws lacks these exports, and Bun must be refused with a clear message.
import * as ws from 'ws';
import { elementsOf } from '../../http/header-list.js';
import type { RequestHead } from '../../http/request-head.js';
import type {} from './ws-internals.js';

/** One offer, or the answer to it. A window of 2^n bytes; `true` if the client leaves it to the server. */
export interface DeflateParams {
  readonly server_no_context_takeover?: true;
  readonly client_no_context_takeover?: true;
  readonly server_max_window_bits?: number;
  readonly client_max_window_bits?: number | true;
}

/** Longer headers are not worth parsing: browsers send about 50 bytes. */
const maxExtensionsLength = 1_024;

/** zlib writes for no smaller window. */
const minWindowBits = 9;

/** The offers in order of preference, none if there are none, or `undefined` if the header is invalid. */
export function deflateOffers({ headers }: RequestHead): readonly DeflateParams[] | undefined {
  const header = headers['sec-websocket-extensions'];
  if (header === undefined) return [];
  if (header.length > maxExtensionsLength) return undefined;
  const elements = elementsOf(header);
  if (elements.length === 0) return [];
  try {
    const offers = ws.extension.parse(elements.join(','))[ws.PerMessageDeflate.extensionName];
    if (offers === undefined) return [];
    // Checks all of them, and replaces lists of values by values.
    new ws.PerMessageDeflate({ isServer: true }).accept(offers);
    // safe: checked just now
    return offers as DeflateParams[];
  } catch {
    // `ws` throws for invalid offers; the details are of no use.
    return undefined;
  }
}

/**
 * The answer to the first offer that can be accepted; `undefined` if there is none. Neither side may use earlier
 * messages: the server shares its frames, and keeps no window of what a client has sent. A client must accept that,
 * whether it has offered it or not (sections 7.1.1.1 and 7.1.1.2).
 */
export function acceptDeflate(offers: readonly DeflateParams[]): DeflateParams | undefined {
  const offer = offers.find(({ server_max_window_bits: bits }) => bits === undefined || bits >= minWindowBits);
  if (offer === undefined) return undefined;
  const { server_max_window_bits: bits } = offer;
  return {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    ...(bits !== undefined && { server_max_window_bits: bits }),
  };
}
