/** The answers of channels in Redis: each change is one function there, with the part that is delivered. */

import * as v from 'valibot';
import type { AnswerChange, AnswerLimits, AnswerOutcome, AnswerRead } from '../../engine/ports/answer-store.js';
import type { HistoryPage, HistoryQuery, HistoryStore, KeptAnswers } from '../../engine/ports/broker.js';
import { answerStates } from '../../model/answer-part.js';
import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import { partPublication } from '../../model/publication.js';
import type { Epochs } from '../epochs.js';
import type { MapEnds } from '../map-ends.js';
import { decodeAnswer } from './answer-message.js';
import type { Keys } from './keys.js';
import type { Script, Scripts } from './script.js';
import type { Topology } from './topology.js';

interface RedisAnswersPorts {
  readonly topology: Topology;
  readonly scripts: Scripts;
  readonly keys: Keys;
  readonly epochs: Epochs;
  /** How long answers are kept that nobody uses, in milliseconds. */
  readonly idleMs: number;
  /** When it has to be looked at the answers of a channel. */
  readonly ends: MapEnds;
}

/** See lua/answer-change.ts. */
const what = v.picklist(['no', 'made', 'same']);
const why = v.picklist(['absent', 'fenced', 'ended', 'gap', 'long', 'full']);
const state = v.picklist(answerStates);
const texts = v.array(v.string());
const fieldsOfAnswer = 6;

export class RedisAnswers implements KeptAnswers {
  constructor(private readonly ports: RedisAnswersPorts) {}

  readonly history: HistoryStore = {
    read: (channel, query) => this.#read(channel, query),
    remove: async (channel) => void (await this.#run(this.ports.scripts.answerRemove, channel, [])),
  };

  async change(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): Promise<AnswerOutcome> {
    const { size, ttlMs, maxLength, silenceMs } = limits;
    const bounds = [`${size}`, `${Math.ceil(ttlMs)}`, `${maxLength}`, `${Math.ceil(silenceMs)}`];
    const args = [change.kind, change.id, ...argumentsOf(change), ...bounds, `${sizeOf(change)}`];
    const [is, ...rest] = v.parse(texts, await this.#run(this.ports.scripts.answerChange, channel, args));
    const made = v.parse(what, is);
    if (made === 'no') return { ok: false, why: v.parse(why, rest[0]), seq: Number(rest[1]) };
    const [offset, epoch = '', number, run, seq, length, becomes, cancelled] = rest;
    const status = {
      position: { offset: Number(offset), epoch },
      number: Number(number),
      run: Number(run),
      seq: Number(seq),
      length: Number(length),
      state: v.parse(state, becomes),
      isCancelled: cancelled === '1',
    };
    this.ports.ends.atMost(channel, status.state === 'open' ? silenceMs : ttlMs);
    return { ok: true, duplicate: made === 'same', ...status };
  }

  async get(channel: ChannelName, id: string): Promise<AnswerRead | undefined> {
    const { answers } = await this.#page(channel, ['0', '0', '', id]);
    return answers[0];
  }

  /** Interrupts and forgets what is due. @returns how long until it has to be looked again, if it has to */
  async finishDue(channel: ChannelName): Promise<number | undefined> {
    return (await this.#page(channel, ['0', '0', '', ''])).dueInMs;
  }

  async #read(channel: ChannelName, { limit, since, reverse }: HistoryQuery): Promise<HistoryPage> {
    const from = since === undefined ? '' : `${since.offset}`;
    const { answers, top, forgottenUpTo, dueInMs } = await this.#page(channel, [
      `${limit}`,
      reverse ? '1' : '0',
      from,
      '',
    ]);
    if (dueInMs !== undefined) this.ports.ends.atMost(channel, dueInMs);
    if (since?.epoch !== undefined && since.epoch !== top.epoch) return { top, publications: [], continuous: false };
    const isContinuous =
      since === undefined ||
      (reverse ? since.offset <= top.offset + 1 : since.offset <= top.offset && since.offset >= forgottenUpTo);
    const publications = answers.map(({ part, position }) => partPublication(part, position.offset));
    return { top, publications, continuous: isContinuous };
  }

  /** One call finishes so many answers and no more. */
  async #page(channel: ChannelName, args: readonly string[]) {
    for (;;) {
      const page = v.parse(texts, await this.#run(this.ports.scripts.answerRead, channel, args));
      const [offset = '', epoch = '', forgotten = '', due = '', isMore = '', ...rest] = page;
      if (isMore !== '') continue;
      const answers: AnswerRead[] = [];
      for (let i = 0; i + fieldsOfAnswer <= rest.length; i += fieldsOfAnswer) {
        answers.push(this.#decoded(channel, rest.slice(i, i + fieldsOfAnswer), epoch));
      }
      const dueInMs = due === '' ? undefined : Number(due);
      return { answers, top: { offset: Number(offset), epoch }, forgottenUpTo: Number(forgotten), dueInMs };
    }
  }

  /** @throws FanfareError `ERR_HISTORY_BROKEN` for what no node has written */
  #decoded(channel: ChannelName, fields: readonly string[], epoch: string): AnswerRead {
    try {
      return decodeAnswer(fields, epoch);
    } catch (cause) {
      throw new FanfareError('ERR_HISTORY_BROKEN', `redis: a stream of "${channel}" is broken`, { cause });
    }
  }

  /** Sent at once: the order of the calls is the order on the server. */
  #run(script: Script, channel: ChannelName, args: readonly string[]): Promise<unknown> {
    const { topology, keys, epochs, idleMs } = this.ports;
    const all = [keys.place(channel), keys.stream(channel), keys.bus(channel), ...keys.answers(channel)];
    return topology.routeOf(channel).run(script, all, [`${idleMs}`, epochs.next(), ...args]);
  }
}

/** Run, seq, body, length, content, id as JSON, meta and result in strings of JSON, state: nothing where there is none. */
function argumentsOf(change: AnswerChange): string[] {
  const { id } = change;
  switch (change.kind) {
    case 'open': {
      const { run = '', content, meta } = change;
      return [
        `${run}`,
        '',
        '',
        '0',
        content,
        JSON.stringify(id),
        meta === undefined ? '' : JSON.stringify(meta),
        '',
        '',
      ];
    }
    case 'append': {
      const { run, seq, body, length } = change;
      return [`${run}`, seq === undefined ? '' : `${seq}`, body, `${length}`, '', '', '', '', ''];
    }
    case 'end': {
      const { run, seq, state, result } = change;
      const text = result === undefined ? '' : JSON.stringify(result);
      return [`${run}`, seq === undefined ? '' : `${seq}`, '', '0', '', '', '', text, state];
    }
    case 'renew':
      return [`${change.run}`, '', '', '0', '', '', '', '', ''];
    case 'cancel':
      return ['', '', '', '0', '', '', '', '', ''];
  }
}

/** In characters, as brokers/answer-state.ts counts. */
function sizeOf(change: AnswerChange): number {
  switch (change.kind) {
    case 'open':
      return change.id.length + (change.meta?.length ?? 0);
    case 'append':
      return change.body.length;
    case 'end':
      return change.result?.length ?? 0;
    default:
      return 0;
  }
}
