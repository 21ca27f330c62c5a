/**
 * The protocol of one client that only listens. Its commands are the transport's, in the JSON of the two-way protocol;
 * replies turn into what the client is told, or into the reason for which it is refused.
 *
 * One per connection: an event's id is where this client is in all of its channels. Everything is encoded in the order
 * in which it is written, so the positions follow.
 */

import {
  type Disconnect,
  disconnectCodes,
  type ErrorReply,
  type Unsubscribe,
  unsubscribeCodes,
} from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { Push } from '../../model/push.js';
import type { ReplyBody, SubscribeResult } from '../../model/reply.js';
import { decodeJsonFrame } from '../../protocols/centrifugal/json-decode.js';
import type { Decoded, EncodedMessage, Protocol } from '../../protocols/protocol.js';
import { formatPositions, type Positions } from './positions.js';
import type { OneWayStyle } from './style.js';

/** Told in the midst of encoding: must not write or close before the turn is over. */
export interface OneWayOwner {
  /** All channels are subscribed. */
  onReady(): void;
  onRefused(error: ErrorReply): void;
  /** It cannot go on as it is: the client has to come back as a whole, or has nothing left to listen to. */
  onInterrupted(why: Disconnect): void;
}

/** `lost`: it has been here, and what it says of its place cannot be understood. */
export type Since = Positions | 'lost';

export interface OneWaySubject {
  readonly channels: readonly string[];
  /** Where the client stopped, of the channels for which it said so. */
  readonly since: Since;
  /** Pause before it comes back after a cut, in milliseconds, where it can be told so. */
  readonly retryMs: number;
}

const connectId = 1;

export class OneWayProtocol implements Protocol {
  readonly name = 'one-way';
  readonly #style: OneWayStyle;
  readonly #owner: OneWayOwner;
  readonly #channels: readonly string[];
  readonly #since: Since;
  readonly #retryMs: number;
  /** Of channels that keep a history. Where the client said, until it is subscribed. */
  readonly #positions = new Map<string, Position>();
  #numSubscribed = 0;
  #numLeft = 0;

  constructor(style: OneWayStyle, { channels, since, retryMs }: OneWaySubject, owner: OneWayOwner) {
    this.#style = style;
    this.#retryMs = retryMs;
    this.#channels = channels;
    this.#since = since;
    this.#owner = owner;
    for (const channel of channels) {
      const at = since === 'lost' ? undefined : since.get(channel);
      if (at !== undefined) this.#positions.set(channel, at);
    }
  }

  /** The client's first frame: connect, then subscribe to each channel. */
  opening(token: string | undefined): string {
    const connect = { id: connectId, connect: { ...(token !== undefined && { token }) } };
    const subscribes = this.#channels.map((channel, n) => {
      const at = this.#positions.get(channel);
      return { id: connectId + 1 + n, subscribe: { channel, ...(at && { recover: true, ...at }) } };
    });
    return [connect, ...subscribes].map((command) => JSON.stringify(command)).join('\n');
  }

  decode(frame: EncodedMessage): Decoded {
    return decodeJsonFrame(frame);
  }

  encodeReply(id: number, body: ReplyBody): string {
    if (body.kind === 'error') this.#owner.onRefused(body.error);
    if (body.kind !== 'subscribe') return '';
    const channel = this.#channels[id - connectId - 1];
    return channel === undefined ? '' : this.#subscribed(channel, body.result);
  }

  encodePush(push: Push): string {
    switch (push.kind) {
      case 'publication':
        return this.#publication(push.channel, push.publication);
      case 'join':
      case 'leave':
        // It cannot ask for them: where they come at all, they are for everybody.
        return this.#style.traffic(push.kind, push.channel, push.info, this.#id());
      case 'unsubscribe':
        return this.#unsubscribed(push.channel, push.unsubscribe);
      case 'disconnect':
        return this.#style.notice({ kind: 'disconnect', ...push.disconnect }, '');
      default:
        // Messages outside channels, new times to live: nothing that it could use.
        return '';
    }
  }

  encodePing(): string {
    return this.#style.ping;
  }

  join(messages: readonly EncodedMessage[]): string {
    return messages.join('');
  }

  #subscribed(channel: string, result: SubscribeResult): string {
    const { epoch, offset, publications, recovered } = result;
    const hasMissed = (this.#since === 'lost' || this.#since.has(channel)) && !recovered;
    if (epoch === '') this.#positions.delete(channel);
    else this.#positions.set(channel, { offset, epoch });
    const texts = publications.map((publication) => this.#publication(channel, publication));
    if (hasMissed && epoch !== '') texts.unshift(this.#style.notice({ kind: 'reset', channel }, this.#id()));
    this.#numSubscribed++;
    if (this.#numSubscribed === this.#channels.length) {
      texts.push(this.#style.notice({ kind: 'start', retryMs: this.#retryMs }, this.#id()));
      this.#owner.onReady();
    }
    return texts.join('');
  }

  #publication(channel: string, publication: Publication): string {
    const at = this.#positions.get(channel);
    if (at !== undefined && publication.offset > 0) {
      this.#positions.set(channel, { offset: publication.offset, epoch: at.epoch });
    }
    return this.#style.publication(channel, publication, this.#id());
  }

  #unsubscribed(channel: string, { code, reason }: Unsubscribe): string {
    if (code === unsubscribeCodes.insufficientState.code) this.#owner.onInterrupted(disconnectCodes.insufficientState);
    else if (code === unsubscribeCodes.stateInvalidated.code) this.#owner.onInterrupted(disconnectCodes.forceReconnect);
    else if (code === unsubscribeCodes.expired.code) this.#owner.onInterrupted(disconnectCodes.subscriptionExpired);
    else if (++this.#numLeft === this.#channels.length) this.#owner.onInterrupted(disconnectCodes.forceNoReconnect);
    this.#positions.delete(channel);
    return this.#style.notice({ kind: 'unsubscribed', channel, code, reason }, this.#id());
  }

  #id(): string {
    return formatPositions(this.#positions);
  }
}
