/** Names of subjects and streams. A channel is one token of a subject, in which nothing is a wildcard or a separator. */

import { createHash } from 'node:crypto';
import type { ChannelName } from '../../model/channel-name.js';

/** What may stand in a token as it is; the rest is written in bytes, as in a URL. */
const plain = /^[\w:/@#=+,;!~-]$/;

export class Subjects {
  constructor(readonly prefix: string) {}

  /** What is published in a channel, and who comes and goes: what nodes subscribe to. */
  bus(channel: ChannelName): string {
    return `${this.prefix}.p.${encodeToken(channel)}`;
  }

  /** What JetStream keeps of a channel, and passes on to {@link bus}. */
  history(channel: ChannelName): string {
    return `${this.prefix}.h.${encodeToken(channel)}`;
  }

  /** Publications with an idempotency key that are not kept as history; passed on to {@link bus}, too. */
  once(channel: ChannelName): string {
    return `${this.prefix}.k.${encodeToken(channel)}`;
  }

  /** What became of a publication with an idempotency key; `*` for all. */
  key(id: string): string {
    return `${this.prefix}.r.${id}`;
  }

  /** All channels at once, for the streams' own settings. */
  all(kind: 'h' | 'k'): string {
    return `${this.prefix}.${kind}.*`;
  }

  /** To which a stream passes on what {@link all} stands for. */
  get passedOn(): string {
    return `${this.prefix}.p.{{wildcard(1)}}`;
  }

  /** No channel's, as % begins a byte there. */
  get historyPing(): string {
    return `${this.prefix}.h.%ping`;
  }

  /** See `life.ts`, `server-time.ts` and `incarnation.ts`. */
  life(record: 'id' | 'clock' | 'history' | '*'): string {
    return `${this.prefix}.life.${record}`;
  }

  /** Of one node, or of all. */
  control(nodeId?: string): string {
    return nodeId === undefined ? `${this.prefix}.c.all` : `${this.prefix}.c.node.${encodeToken(nodeId)}`;
  }

  /** Only this node listens to it. No channel's, and of their kind: whoever may use the one may use the other. */
  echo(id: string): string {
    return `${this.prefix}.p.%echo-${encodeToken(id)}`;
  }

  /** The name of a stream; `incarnation` tells one from its predecessors. */
  stream(kind: 'history' | 'once' | 'life', incarnation?: string): string {
    return [this.prefix, kind, incarnation].filter((part) => part !== undefined).join('_');
  }
}

/** Names an idempotency key to JetStream, whose stream holds those of all channels. */
export function messageId(channel: ChannelName, idempotencyKey: string): string {
  return createHash('sha256').update(`${channel}\0${idempotencyKey}`).digest('base64url');
}

/** Different texts give different tokens, none of which is empty or holds `.`, `*`, `>` or white space. */
export function encodeToken(text: string): string {
  let token = '';
  for (const char of text) token += plain.test(char) ? char : percentEncoded(char);
  return token;
}

function percentEncoded(char: string): string {
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
}
