/**
 * The protocol of one client that only listens. The transport makes its commands, in the JSON of the two-way protocol;
 * replies become events or a refusal.
 *
 * One per connection, because an event's id has this client's positions in all channels, which follow the order of
 * encoding.
 */

import {
  type Disconnect,
  disconnectCodes,
  type ErrorReply,
  errorCodes,
  type Unsubscribe,
  unsubscribeCodes,
} from '../../model/codes.js';
import { pagedRecovery } from '../../model/command.js';
import type { Position } from '../../model/position.js';
import type { Publication } from '../../model/publication.js';
import type { Push, SubscribePush } from '../../model/push.js';
import type { RefusalLine } from '../../model/refusal-line.js';
import type { ConnectResult, ReplyBody, SubscribeResult } from '../../model/reply.js';
import { decodeJsonFrame } from '../../protocols/centrifugal/json-decode.js';
import type { Decoded, EncodedMessage, Protocol } from '../../protocols/protocol.js';
import { formatPositions, type Positions } from './positions.js';
import type { OneWayStyle } from './style.js';

/** Called during encoding: must not write, close or pass on a frame before the end of the turn. */
export interface OneWayOwner {
  /** The client is connected, and this is its next frame. Called at most once. */
  onNext(frame: string): void;
  /** All channels are subscribed, or the rest waits for room. May be called several times. */
  onReady(): void;
  /** @param why for the log, if the session has not logged it */
  onRefused(error: ErrorReply, why?: RefusalLine): void;
  /** The client has to reconnect, or has no channel left. */
  onInterrupted(why: Disconnect): void;
}

/** `lost`: the client sent an id that cannot be parsed. */
export type Since = Positions | 'lost';

export interface OneWaySubject {
  readonly channels: readonly string[];
  /** The positions that the client sent. */
  readonly since: Since;
  /** Pause before the client reconnects, in milliseconds, if the format can express it. */
  readonly retryMs: number;
}

const connectId = 1;
/** Most server-side channels that are recovered; the decoder accepts no more. */
const maxGranted = 1_000;

/** By the code of an unsubscribe after which the client must reconnect. */
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
  readonly carriesBytes = false;
  readonly #style: OneWayStyle;
  readonly #owner: OneWayOwner;
  readonly #channels: readonly string[];
  readonly #since: Since;
  readonly #retryMs: number;
  /** Of channels with history; before they are subscribed, as sent by the client. */
  #positions = new Map<string, Position>();
  /** Channels that are subscribed. Publications in others are for later, or never. */
  #live = new Set<string>();
  /** Its channels that the server did not grant with the connection; known after the reply. */
  #asked: readonly string[] | undefined;
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

  /** The client's first frame: a connect, with its positions in channels that the server may grant. */
  opening(token: string | undefined): string {
    const places = [...(this.#since === 'lost' ? [] : this.#since)];
    const subs = Object.fromEntries(places.slice(0, maxGranted).map(([name, at]) => [name, { recover: true, ...at }]));
    const flag = places.length > 0 && { flag: pagedRecovery };
    return JSON.stringify({ id: connectId, connect: { ...(token !== undefined && { token }), ...flag, subs } });
  }

  /** Subscribes to its channels except the granted ones, which the rules may not permit. */
  #subscribe(granted: ReadonlyMap<string, unknown>): void {
    this.#asked = this.#channels.filter((channel) => !granted.has(channel));
    const commands = this.#asked.map((channel, n) => {
      const at = this.#placeOf(channel);
      // What comes in pages is events like all others.
      const recovery = at && { recover: true, flag: pagedRecovery, ...at };
      return JSON.stringify({ id: connectId + 1 + n, subscribe: { channel, ...recovery } });
    });
    if (commands.length > 0) this.#owner.onNext(commands.join('\n'));
  }

  checkpoint(): () => void {
    const [positions, live] = [new Map(this.#positions), new Set(this.#live)];
    const [numSubscribed, isReady] = [this.#numSubscribed, this.#isReady];
    return () => {
      this.#positions = positions;
      this.#live = live;
      this.#numSubscribed = numSubscribed;
      this.#isReady = isReady;
      // Data held back until all channels are subscribed uses the room that is waited for.
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
    const channel = this.#asked?.[id - connectId - 1];
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
        // The client cannot ask for joins, so it gets them only if they are pushed to all.
        return this.#style.traffic(push.kind, push.channel, push.info, this.#id());
      case 'unsubscribe':
        return this.#unsubscribed(push.channel, push.unsubscribe);
      case 'disconnect':
        return this.#style.notice({ kind: 'disconnect', ...push.disconnect }, '');
      default:
        // Messages outside channels and new expiry times are of no use to the client.
        return '';
    }
  }

  encodePing(): string {
    return this.#style.ping;
  }

  join(messages: readonly EncodedMessage[]): string {
    return messages.join('');
  }

  #connected({ subs }: ConnectResult): string {
    // Encoded again after waiting for room: the granted channels are the same.
    if (this.#asked === undefined) this.#subscribe(subs);
    const texts = [...subs].map(([channel, result]) => this.#subscribed(channel, result));
    if (this.#channels.length === 0 && subs.size === 0) {
      this.#owner.onRefused({ ...errorCodes.badRequest, message: noChannels.message }, noChannels);
      return '';
    }
    return texts.join('') + this.#readyText();
  }

  /** Text for the moment when all channels are subscribed. */
  #readyText(): string {
    if (this.#isReady || this.#asked === undefined || this.#numSubscribed < this.#asked.length) return '';
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

  /** A server-side subscription after the connect. */
  #granted(channel: string, { epoch, offset }: SubscribePush): void {
    // A client that reconnects gets it together with what it missed.
    if (this.#isInterrupted || (!this.#isReady && this.#asked?.includes(channel) !== false)) return;
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
      // Its position stays in the id, so that the client continues there after it reconnects.
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
