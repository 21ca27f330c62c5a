/**
 * Carries changes of streams out. Each is decided against the state, which is replaced by comparing and setting, together
 * with the data that is to be appended; then the data is appended, with keys that make it happen once; then the state no
 * longer has it. Whoever finds data in the state appends it first. So all nodes agree on one order, and a node that dies in
 * between leaves nothing half done.
 */

import type { HistoryStore } from '../../engine/ports/broker.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { MapVersion } from '../../engine/ports/map-store.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { Payload } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo } from '../../model/publication.js';
import { contended, type StreamAnswer, tooLarge } from './answer.js';
import type { PendingData } from './pending-data.js';
import type { HeldState, StreamState, StreamStates } from './stream-state.js';
import type { StreamTarget } from './target.js';

export interface ChangePorts {
  readonly states: StreamStates;
  readonly pending: PendingData;
  readonly history: HistoryStore;
  readonly log: Logger;
}

/** The state as it becomes, what is appended, and the answer once that has happened. */
export interface StreamChange {
  readonly state: StreamState;
  readonly payloads: readonly Payload[];
  /** Who appends it. */
  readonly info?: ClientInfo | undefined;
  answer(tail: Position): StreamAnswer;
}

/** Decides what becomes of a stream, or why nothing does. May be asked again, with a newer state. */
export type Decide = (state: StreamState | undefined) => Promise<StreamChange | StreamAnswer>;

/** How often a change is decided again because somebody else was faster. */
const maxTries = 32;
/** Most messages of one request. */
const maxMessages = 65_536;

export class StreamChanges {
  readonly #ports: ChangePorts;
  /** The last change of each stream on this node, which the next one waits for. */
  readonly #last = new Map<ChannelName, Promise<unknown>>();

  constructor(ports: ChangePorts) {
    this.#ports = ports;
  }

  /**
   * One after the other on this node; with other nodes by comparing and setting.
   *
   * @throws FanfareError `ERR_BROKER`: it may have happened
   */
  make(target: StreamTarget, decide: Decide): Promise<StreamAnswer> {
    const { channel } = target;
    return new Promise((resolve, reject) => {
      const before = this.#last.get(channel) ?? Promise.resolve();
      const turn: Promise<void> = before
        .then(() => this.#run(target, decide, resolve))
        .catch(reject)
        .finally(() => {
          if (this.#last.get(channel) === turn) this.#last.delete(channel);
        });
      this.#last.set(channel, turn);
    });
  }

  /** Appends what the state still has. @returns the state without it @throws FanfareError `ERR_BROKER` */
  async settle(target: StreamTarget, held: HeldState): Promise<HeldState> {
    const { state, version } = held;
    if (state?.pending === undefined) return held;
    const { states, pending } = this.#ports;
    const tail = (await pending.append(target, state, state.pending)) ?? (await this.tailOf(target, state));
    const next = settled(state, tail);
    const written = await states.write(target.place, next, version, target.rule);
    return written === undefined ? states.read(target.place) : { state: next, version: written };
  }

  /** Where the stream ends now. @throws FanfareError `ERR_BROKER` */
  async tailOf({ channel }: StreamTarget, { closed }: StreamState): Promise<Position> {
    return closed?.end ?? (await this.#ports.history.read(channel, { limit: 0, reverse: false })).top;
  }

  /** Answers as soon as the data is there, and resolves when the state is settled. */
  async #run(target: StreamTarget, decide: Decide, answer: (answer: StreamAnswer) => void): Promise<void> {
    const { states } = this.#ports;
    for (let tries = 0; tries < maxTries; tries++) {
      let held = await states.read(target.place);
      while (held.state?.pending !== undefined) held = await this.settle(target, held);
      const change = await decide(held.state);
      if ('status' in change) {
        answer(change);
        return;
      }
      if (change.payloads.length > maxMessages) {
        answer(tooLarge);
        return;
      }
      const state = await this.#withPending(target, change);
      const version = await states.write(target.place, state, held.version, target.rule);
      if (version === undefined) continue;
      await this.#carryOut(target, state, version, change, answer);
      return;
    }
    answer(contended);
  }

  async #withPending(target: StreamTarget, { state, payloads, info }: StreamChange): Promise<StreamState> {
    const number = state.number + 1;
    if (payloads.length === 0) return { ...state, number };
    return { ...state, number, pending: await this.#ports.pending.keep(target, payloads, info, state.tail) };
  }

  /** It is decided: nothing but the broker can fail any more, and then whoever uses the stream next does the rest. */
  async #carryOut(
    target: StreamTarget,
    state: StreamState,
    version: MapVersion,
    change: StreamChange,
    answer: (answer: StreamAnswer) => void,
  ): Promise<void> {
    const { states, pending: data, history, log } = this.#ports;
    if (state.isDeleted === true) {
      await history.remove(target.channel);
      await states.write(target.place, { ...state, isClean: true }, version, target.rule);
      answer(change.answer(state.tail));
      return;
    }
    const { pending } = state;
    const end = pending && (await data.append(target, state, pending));
    const tail = end ?? (await this.tailOf(target, state));
    answer(change.answer(tail));
    if (pending === undefined && state.closed === undefined) return;
    try {
      await states.write(target.place, settled(state, tail), version, target.rule);
      if (pending !== undefined) await data.forget(target, pending);
    } catch (error) {
      log.warn({ err: error, channel: target.channel }, 'the state of a stream is settled by who uses it next');
    }
  }
}

function settled({ pending: _, ...state }: StreamState, tail: Position): StreamState {
  const { closed } = state;
  return { ...state, tail, ...(closed && { closed: { ...closed, end: closed.end ?? tail } }) };
}
