/**
 * The answers of channels in JetStream. Each change is an entry of its channel's log, stored if the entry before it is still
 * the last one, and republished to the nodes; so each change follows the one before it, from whichever node. What is kept is
 * what the entries come to (`channel-answers.ts`).
 */

import type { AnswerChange, AnswerLimits, AnswerOutcome, AnswerRead } from '../../../../engine/ports/answer-store.js';
import type { BrokerEvents, HistoryStore, KeptAnswers } from '../../../../engine/ports/broker.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import { partPublication } from '../../../../model/publication.js';
import { answerPage } from '../../../answer-page.js';
import { wholePart } from '../../../answer-state.js';
import type { Epochs } from '../../../epochs.js';
import { MapEnds } from '../../../map-ends.js';
import type { BrokerPorts } from '../../../ports.js';
import type { FilledNatsOptions } from '../../options.js';
import type { Subjects } from '../../subjects.js';
import type { Incoming, Wire } from '../../wire.js';
import type { Incarnation } from '../incarnation.js';
import { KeyedStream } from '../keyed-stream.js';
import type { Life } from '../life.js';
import type { ServerTime } from '../server-time.js';
import { epochOf } from '../stored-message.js';
import { AnswerChanger } from './answer-changer.js';
import { AnswerLog } from './answer-log.js';
import { AnswerSubjects } from './answer-subjects.js';
import { type ChannelAnswers, dueMs } from './channel-answers.js';
import { decodeEntry, isEntry } from './entry.js';

interface NatsAnswersPorts extends BrokerPorts {
  readonly wire: Wire;
  readonly subjects: Subjects;
  readonly life: Life;
  readonly time: ServerTime;
  readonly incarnation: Incarnation;
  readonly births: Epochs;
  /** Called when everything known about channels is outdated. */
  readonly onLost: () => void;
  readonly events: () => Pick<BrokerEvents, 'onPublication'> | undefined;
}

/** Attempts to read a channel in which nothing is due. */
const maxAttempts = 10;

export class NatsAnswers implements KeptAnswers {
  readonly history: HistoryStore;
  readonly stream: KeyedStream;
  readonly #ports: NatsAnswersPorts;
  readonly #log: AnswerLog;
  readonly #changer: AnswerChanger;
  /** When it has to be looked at the answers of a channel. */
  readonly #ends: MapEnds;

  constructor(options: FilledNatsOptions, ports: NatsAnswersPorts) {
    const { clock, random, log, wire, subjects, life, time, incarnation, births, onLost } = ports;
    const names = new AnswerSubjects(options.prefix);
    const stream = new KeyedStream({
      ...{ kind: 'answers', wire, subjects, names, life, time, incarnation, random, options, onLost },
    });
    this.#ports = ports;
    this.stream = stream;
    this.#log = new AnswerLog({ stream, names, clock, log, time, life, births, maxAgeMs: options.maxAgeMs });
    this.#changer = new AnswerChanger({
      ...{ stream, log: this.#log, life, time, clock, random },
      timeoutMs: options.timeoutMs,
      maxWaiting: options.maxInFlight,
      maxWaitingChars: options.maxInFlightChars,
    });
    this.#ends = new MapEnds(clock, (channel) => this.#finishDue(channel));
    this.history = {
      read: async (channel, query) => {
        const known = await this.#settled(channel);
        const answers = [...known.all()].map(({ answer }) => answer);
        return answerPage({ top: known.top(life.current), answers, forgottenUpTo: known.last.forgottenUpTo }, query);
      },
      remove: async (channel) => {
        await this.prepare();
        await this.#changer.clear(channel);
      },
    };
  }

  /** @throws FanfareError `ERR_CONFIG` if the server is too old; `ERR_BROKER` */
  prepare(): Promise<void> {
    return this.stream.prepare();
  }

  async change(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): Promise<AnswerOutcome> {
    await this.prepare();
    const outcome = await this.#changer.change(channel, change, limits);
    if (outcome.ok) this.#ends.atMost(channel, outcome.state === 'open' ? limits.silenceMs : limits.ttlMs);
    return outcome;
  }

  async get(channel: ChannelName, id: string): Promise<AnswerRead | undefined> {
    const known = await this.#settled(channel);
    const kept = known.get(id);
    if (kept === undefined) return undefined;
    const { number, run, seq, length, state, isCancelled, offset } = kept.answer;
    const { epoch } = known.top(this.#ports.life.current);
    const position = { offset, epoch };
    return { position, number, run, seq, length, state, isCancelled, part: wholePart(kept.answer) };
  }

  /** Whether a node's message has changes of answers. */
  hasSent(text: string): boolean {
    return isEntry(text);
  }

  /** Takes a message of changes. @throws Error if no node has written it */
  received(channel: ChannelName, { text, header }: Incoming): void {
    const entry = decodeEntry(text);
    const epoch = epochOf({ birth: entry.birth, life: this.#ports.life.current });
    const events = this.#ports.events();
    for (const { part, offset, state, silenceMs, ttlMs } of entry.steps) {
      if (part !== undefined) events?.onPublication(channel, partPublication(part, offset), epoch);
      this.#ends.atMost(channel, state === 'open' ? silenceMs : ttlMs);
    }
    const message = Number(header('Nats-Sequence'));
    if (message > 0) this.#log.received(channel, entry, message);
  }

  /** What is known of the stream is outdated. */
  forget(): void {
    this.#log.clear();
  }

  close(): void {
    this.#ends.close();
    this.#log.clear();
  }

  /** What is acknowledged, in which nothing is due, and which is of this life of the servers. */
  async #settled(channel: ChannelName): Promise<ChannelAnswers> {
    await this.prepare();
    const { life, time } = this.#ports;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const known = await this.#log.current(channel);
      const nextMs = firstDueMs(known);
      if (known.last.life === life.current && nextMs > time.nowMs()) {
        if (nextMs < Number.POSITIVE_INFINITY) this.#ends.atMost(channel, nextMs - time.nowMs());
        return known;
      }
      await this.#changer.finishDue(channel);
    }
    throw new FanfareError('ERR_BROKER', 'the streams of this channel do not stand still');
  }

  /** @returns how long until it has to be looked again, if it has to */
  async #finishDue(channel: ChannelName): Promise<number | undefined> {
    const nextMs = firstDueMs(await this.#settled(channel));
    return nextMs === Number.POSITIVE_INFINITY ? undefined : Math.max(0, nextMs - this.#ports.time.nowMs());
  }
}

function firstDueMs(known: ChannelAnswers): number {
  let first = Number.POSITIVE_INFINITY;
  for (const kept of known.all()) first = Math.min(first, dueMs(kept));
  return first;
}
