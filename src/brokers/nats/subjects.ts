/** Names of subjects and streams. A channel is one token of a subject, in which nothing is a wildcard or a separator. */

import { createHash } from 'node:crypto';
import type { ChannelName } from '../../model/channel-name.js';

/** Characters of a token that are not encoded; the rest is percent-encoded. */
const plain = /^[\w:/@#=+,;!~-]$/;

export class Subjects {
  constructor(readonly prefix: string) {}

  /** Publications, joins and leaves of a channel, to which nodes subscribe. */
  bus(channel: ChannelName): string {
    return `${this.prefix}.p.${encodeToken(channel)}`;
  }

  /** A channel's history in JetStream, which republishes it to {@link bus}. */
  history(channel: ChannelName): string {
    return `${this.prefix}.h.${encodeToken(channel)}`;
  }

  /** Publications with an idempotency key and without history, also republished to {@link bus}. */
  once(channel: ChannelName): string {
    return `${this.prefix}.k.${encodeToken(channel)}`;
  }

  /** The result of a publication with an idempotency key; `*` for all. */
  key(id: string): string {
    return `${this.prefix}.r.${id}`;
  }

  /** The same for all channels at once, for the streams' settings. */
  all(kind: 'h' | 'k'): string {
    return `${this.prefix}.${kind}.*`;
  }

  /** The subject to which a stream republishes {@link all}. */
  get passedOn(): string {
    return `${this.prefix}.p.{{wildcard(1)}}`;
  }

  /** Not the subject of a channel, where % begins an encoded byte. */
  get historyPing(): string {
    return `${this.prefix}.h.%ping`;
  }

  /** See `life.ts`, `server-time.ts` and `incarnation.ts`. */
  life(record: 'id' | 'clock' | 'history' | 'maps' | 'answers' | '*'): string {
    return `${this.prefix}.life.${record}`;
  }

  /** The subject of one node, or of all nodes. */
  control(nodeId?: string): string {
    return nodeId === undefined ? `${this.prefix}.c.all` : `${this.prefix}.c.node.${encodeToken(nodeId)}`;
  }

  /** Only this node subscribes to it. Not a channel's, but with the same prefix, so that the same permissions apply. */
  echo(id: string): string {
    return `${this.prefix}.p.%echo-${encodeToken(id)}`;
  }

  /** The name of a stream; `incarnation` distinguishes it from its predecessors. */
  stream(kind: 'history' | 'maps' | 'answers' | 'once' | 'life', incarnation?: string): string {
    return [this.prefix, kind, incarnation].filter((part) => part !== undefined).join('_');
  }
}

/** The id of an idempotency key in JetStream, unique over all channels. */
export function messageId(channel: ChannelName, idempotencyKey: string): string {
  return createHash('sha256').update(`${channel}\0${idempotencyKey}`).digest('base64url');
}

/** Different texts give different tokens, which are never empty and contain no `.`, `*`, `>` or white space. */
export function encodeToken(text: string): string {
  let token = '';
  for (const char of text) token += plain.test(char) ? char : percentEncoded(char);
  return token;
}

function percentEncoded(char: string): string {
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
}
