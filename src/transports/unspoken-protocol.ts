/** Logs clients that require an unsupported protocol or codec: they only see that the connection ends. */

import type { RefusalLine } from '../model/refusal-line.js';
import { protobufType } from './body-types.js';

/** The text comes from the request. */
const maxCitedLength = 100;

/** None of the offered subprotocols is supported. The client may work without one, or not. */
export function unspokenSubprotocol(offered: Iterable<string>, spoken: readonly string[]): RefusalLine {
  const asked = cited([...offered].join(', '));
  return {
    check: 'subprotocol',
    key: asked,
    fields: { asked, spoken: spoken.join(', ') },
    message: 'a client offers WebSocket subprotocols that are not spoken: it may not go on without',
  };
}

/** A body in none of the types that its endpoint reads. */
export function unspokenType(type: string, spoken: readonly string[]): RefusalLine {
  const asked = cited(type || 'none');
  return {
    check: 'content type',
    key: asked,
    fields: { asked, spoken: spoken.join(', ') },
    message:
      asked === protobufType
        ? 'request refused: the protobuf codec is spoken over WebSocket and HTTP streaming alone'
        : 'request refused: its Content-Type is none that is spoken',
  };
}

function cited(text: string): string {
  return text.slice(0, maxCitedLength);
}
