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
  errorCodes,
  type Unsubscribe,
  unsubscribeCodes,
} from '../../model/codes.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { Push, SubscribePush } from '../../model/push.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ConnectResult, ReplyBody, SubscribeResult } from '../../model/reply.js';
import { decodeJsonFrame } from '../../protocols/centrifugal/json-decode.js';
import type { Decoded, EncodedMessage, Protocol } from '../../protocols/protocol.js';
import { formatPositions, type Positions } from './positions.js';
import type { OneWayStyle } from './style.js';

/** Told in the midst of encoding: must not write or close before the turn is over. */
export interface OneWayOwner {
  /** All channels are subscribed, or what is left of them waits for room. Called more than once. */
  onReady(): void;
  /** @param why for the log, where the session has not told it */
  onRefused(error: ErrorReply, why?: RefusalLine): void;
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
/** What comes back of channels that were granted; the decoder takes no more. */
const maxGranted = 1_000;

/** By the code with which a subscription ends and its client is to come back. */
const interruptions: ReadonlyMap<number, Disconnect> = new Map<number, Disconnect>([
  [unsubscribeCodes.insufficientState.code, disconnectCodes.insufficientState],
  [unsubscribeCodes.stateInvalidated.code, disconnectCodes.forceReconnect],
  [unsubscribeCodes.expired.code, disconnectCodes.subscriptionExpired],
]);

const noChannels = {
  check: 'channels',
  fields: {},
  message: 'channels: none is asked for, and the token grants none',
  level: 'info',
} as const satisfies RefusalLine;

export class OneWayProtocol implements Protocol {
  readonly name = 'one-way';
  readonly #style: OneWayStyle;
  readonly #owner: OneWayOwner;
  readonly #channels: readonly string[];
  readonly #since: Since;
  readonly #retryMs: number;
  /** Of channels that keep a history. Where the client said, until it is subscribed. */
  #positions = new Map<string, Position>();
  /** That it is in by now, by its own wish or the server's. What is published in others is for later, or never. */
  #live = new Set<string>();
  #numSubscribed = 0;
  #isReady = false;
  #isInterrupted = false;

  constructor(style: OneWayStyle, { channels, since, retryMs }: OneWaySubject, owner: OneWayOwner) {
    this.#style = style;
    this.#retryMs = retryMs;
    this.#channels = channels;
    this.#since = since;
    this.#owner = owner;
    for (const channel of channels) {
      const at = this.#placeOf(channel);
      if (at !== undefined) this.#positions.set(channel, at);
    }
  }

  /** The client's first frame: connect, with its places in channels that the server may grant, then subscribe to each channel. */
  opening(token: string | undefined): string {
    const granted = [...(this.#since === 'lost' ? [] : this.#since)].filter(([name]) => !this.#channels.includes(name));
    const subs = Object.fromEntries(granted.slice(0, maxGranted).map(([name, at]) => [name, { recover: true, ...at }]));
    const connect = { id: connectId, connect: { ...(token !== undefined && { token }), subs } };
    const subscribes = this.#channels.map((channel, n) => {
      const at = this.#positions.get(channel);
      return { id: connectId + 1 + n, subscribe: { channel, ...(at && { recover: true, ...at }) } };
    });
    return [connect, ...subscribes].map((command) => JSON.stringify(command)).join('\n');
  }

  checkpoint(): () => void {
    const [positions, live] = [new Map(this.#positions), new Set(this.#live)];
    const [numSubscribed, isReady] = [this.#numSubscribed, this.#isReady];
    return () => {
      this.#positions = positions;
      this.#live = live;
      this.#numSubscribed = numSubscribed;
      this.#isReady = isReady;
      // What is held back until all channels are there takes the room that is waited for.
      this.#owner.onReady();
    };
  }

  decode(frame: EncodedMessage): Decoded {
    return decodeJsonFrame(frame);
  }

  encodeReply(id: number, body: ReplyBody): string {
    if (body.kind === 'error') this.#owner.onRefused(body.error);
    if (body.kind === 'connect') return this.#connected(body.result);
    if (body.kind !== 'subscribe') return '';
    const channel = this.#channels[id - connectId - 1];
    if (channel === undefined) return '';
    this.#numSubscribed++;
    return this.#subscribed(channel, body.result) + this.#readyText();
  }

  encodePush(push: Push): string {
    switch (push.kind) {
      case 'publication':
        return this.#publication(push.channel, push.publication);
      case 'subscribe':
        this.#granted(push.channel, push.subscribe);
        return '';
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

  /** Channels that it has asked for as well begin with their own replies. */
  #connected({ subs }: ConnectResult): string {
    const texts = [...subs]
      .filter(([channel]) => !this.#channels.includes(channel))
      .map(([channel, result]) => this.#subscribed(channel, result));
    if (this.#channels.length === 0 && subs.size === 0) {
      this.#owner.onRefused({ ...errorCodes.badRequest, message: noChannels.message }, noChannels);
      return '';
    }
    return texts.join('') + this.#readyText();
  }

  /** When it is in all of its channels. */
  #readyText(): string {
    if (this.#isReady || this.#numSubscribed < this.#channels.length) return '';
    this.#isReady = true;
    const text = this.#style.notice({ kind: 'start', retryMs: this.#retryMs }, this.#id());
    this.#owner.onReady();
    this.#endWithoutChannels();
    return text;
  }

  #subscribed(channel: string, result: SubscribeResult): string {
    const { epoch, offset, publications, recovered } = result;
    const hadPlace = this.#placeOf(channel) !== undefined;
    const hasMissed = !recovered && (hadPlace || (this.#since === 'lost' && epoch !== ''));
    this.#live.add(channel);
    if (epoch === '') this.#positions.delete(channel);
    else this.#positions.set(channel, { offset, epoch });
    const texts = publications.map((publication) => this.#publication(channel, publication));
    if (hasMissed) texts.unshift(this.#style.notice({ kind: 'reset', channel }, this.#id()));
    return texts.join('');
  }

  /** A subscription that the server begins later on. */
  #granted(channel: string, { epoch, offset }: SubscribePush): void {
    // Who comes back gets it with all that has been missed.
    if (this.#isInterrupted || (!this.#isReady && this.#channels.includes(channel))) return;
    this.#live.add(channel);
    if (epoch !== '') this.#positions.set(channel, { offset, epoch });
  }

  #publication(channel: string, publication: Publication): string {
    if (!this.#live.has(channel)) return '';
    const at = this.#positions.get(channel);
    if (at !== undefined && publication.offset > 0) {
      this.#positions.set(channel, { offset: publication.offset, epoch: at.epoch });
    }
    return this.#style.publication(channel, publication, this.#id());
  }

  #unsubscribed(channel: string, { code, reason }: Unsubscribe): string {
    this.#live.delete(channel);
    const interruption = interruptions.get(code);
    if (interruption === undefined) {
      this.#positions.delete(channel);
      this.#endWithoutChannels();
    } else {
      // Its place stays in the id: that is where it goes on when it is back.
      this.#isInterrupted = true;
      this.#owner.onInterrupted(interruption);
    }
    return this.#style.notice({ kind: 'unsubscribed', channel, code, reason }, this.#id());
  }

  #endWithoutChannels(): void {
    if (this.#isReady && this.#live.size === 0) this.#owner.onInterrupted(disconnectCodes.forceNoReconnect);
  }

  #placeOf(channel: string): Position | undefined {
    return this.#since === 'lost' ? undefined : this.#since.get(channel);
  }

  #id(): string {
    return formatPositions(this.#positions);
  }
}
