/** Creates streams, appends to them, closes and deletes them: what each request does to the state, or why it does nothing. */

import type { HistoryStore } from '../../engine/ports/broker.js';
import type { Clock, Random } from '../../engine/ports/clock.js';
import type { Logger } from '../../engine/ports/logger.js';
import type { Position } from '../../model/position.js';
import { accepted, toldToWriters, writtenMessages } from './acceptance.js';
import type { Visitor } from './access.js';
import { conflict, contended, malformed, noStream, type StreamAnswer, succeeded } from './answer.js';
import { planAppend } from './append.js';
import { binaryContent, jsonContent, modeOf, typeOf } from './content.js';
import { writeOffset } from './offsets.js';
import type { StreamChanges } from './stream-changes.js';
import type { StreamLifetime, WriteRequest } from './stream-request.js';
import { type HeldState, isAlive, type StreamState, type StreamStates } from './stream-state.js';
import type { StreamTarget } from './target.js';

export interface WriterPorts {
  readonly changes: StreamChanges;
  readonly states: StreamStates;
  readonly history: HistoryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Then a node that deletes the data of a stream has died meanwhile. */
const maxDeletionMs = 10_000;

export class StreamWriter {
  readonly #ports: WriterPorts;

  constructor(ports: WriterPorts) {
    this.#ports = ports;
  }

  create(target: StreamTarget, request: WriteRequest, body: Uint8Array, visitor: Visitor): Promise<StreamAnswer> {
    return this.#ports.changes.make(target, async (state) => {
      const { changes, clock, random, history } = this.#ports;
      const wallMs = clock.wallMs();
      const { contentType = binaryContent, lifetime, closes } = request;
      const told = (answer: StreamAnswer) => toldToWriters(answer, { target, request, body, visitor });
      if (state !== undefined && isAlive(state, wallMs)) {
        const tail = await changes.tailOf(target, state);
        return told(isSame(state, request) ? existing(state.contentType, tail, closes) : isAnother);
      }
      if (state?.isDeleted === true && state.isClean !== true && wallMs - state.usedAtMs < maxDeletionMs) {
        return told(contended);
      }
      const { top } = await history.read(target.channel, { limit: 0, reverse: false });
      if (state === undefined && top.offset > 0) {
        const isJson = typeOf(contentType) === jsonContent && !closes && Object.keys(lifetime).length === 0;
        return told(isJson ? existing(jsonContent, top, false) : isAnother);
      }
      const mode = modeOf(contentType);
      const found = writtenMessages(mode, body, target.rule);
      if (typeof found === 'string') return told(malformed(found));
      const payloads = await accepted(target, found, visitor);
      if ('status' in payloads) return payloads;
      return {
        state: {
          life: random.id(),
          contentType,
          start: top,
          ...lifetime,
          usedAtMs: wallMs,
          ...(closes && { closed: {} }),
          producers: [],
          number: 0,
          tail: top,
        },
        payloads,
        info: visitor.info,
        answer: (tail) =>
          succeeded(201, {
            'Content-Type': contentType,
            'Stream-Next-Offset': writeOffset(tail),
            ...(closes && { 'Stream-Closed': 'true' }),
          }),
      };
    });
  }

  append(target: StreamTarget, request: WriteRequest, body: Uint8Array, visitor: Visitor): Promise<StreamAnswer> {
    return this.#ports.changes.make(target, async (known) => {
      const wallMs = this.#ports.clock.wallMs();
      const state = known ?? (await this.#unwritten(target));
      const told = (answer: StreamAnswer) => toldToWriters(answer, { target, request, body, visitor });
      if (state === undefined || !isAlive(state, wallMs)) return told(noStream);
      const isEmpty = body.length === 0;
      if (isEmpty && !request.closes) return told(malformed('the body is empty'));
      const plan = planAppend(state, request, isEmpty, state.closed?.end ?? state.tail, wallMs);
      if ('status' in plan) return told(plan);
      const found = writtenMessages(modeOf(state.contentType), body, target.rule);
      if (typeof found === 'string') return told(malformed(found));
      if (found.length === 0 && !isEmpty) return told(malformed('the body has no messages'));
      const payloads = await accepted(target, found, visitor);
      return 'status' in payloads ? payloads : { ...plan, payloads, info: visitor.info };
    });
  }

  /** Deletes the data, too. */
  delete(target: StreamTarget, visitor: Visitor): Promise<StreamAnswer> {
    return this.#ports.changes.make(target, async (known) => {
      const wallMs = this.#ports.clock.wallMs();
      const payloads = await accepted(target, [], visitor);
      if ('status' in payloads) return payloads;
      const state = known ?? (await this.#unwritten(target));
      if (state === undefined || !isAlive(state, wallMs)) return noStream;
      return {
        state: { ...state, usedAtMs: wallMs, isDeleted: true },
        payloads,
        answer: () => succeeded(204, {}),
      };
    });
  }

  /** Whoever uses a stream with a time to live gives it that time again. */
  async use(target: StreamTarget, { state, version }: HeldState): Promise<void> {
    const { states, clock, log } = this.#ports;
    if (state?.ttlSec === undefined || state.pending !== undefined) return;
    const wallMs = clock.wallMs();
    // Many may read at once: not each of them has to say so.
    if (wallMs - state.usedAtMs < state.ttlSec * 50) return;
    try {
      await states.write(target.place, { ...state, usedAtMs: wallMs }, version, target.rule);
    } catch (error) {
      log.warn({ err: error, channel: target.channel }, 'the time to live of a stream was not renewed');
    }
  }

  /** The state of a channel that was only published to: an open stream of JSON. */
  async #unwritten({ channel }: StreamTarget): Promise<StreamState | undefined> {
    const { history, random, clock } = this.#ports;
    const { top } = await history.read(channel, { limit: 0, reverse: false });
    if (top.offset === 0) return undefined;
    const start = { offset: 0, epoch: top.epoch };
    const usedAtMs = clock.wallMs();
    return { life: random.id(), contentType: jsonContent, start, usedAtMs, producers: [], number: 0, tail: top };
  }
}

const isAnother = conflict('there is a stream of this name with another type, lifetime or end');

function existing(contentType: string, tail: Position, isClosed: boolean): StreamAnswer {
  return succeeded(200, {
    'Content-Type': contentType,
    'Stream-Next-Offset': writeOffset(tail),
    ...(isClosed && { 'Stream-Closed': 'true' }),
  });
}

function isSame(state: StreamState, { contentType = binaryContent, lifetime, closes }: WriteRequest): boolean {
  const isClosed = state.closed !== undefined;
  return typeOf(contentType) === typeOf(state.contentType) && closes === isClosed && lasts(state) === lasts(lifetime);
}

function lasts({ ttlSec, expiresAt }: StreamLifetime): string {
  return `${ttlSec} ${expiresAt === undefined ? '' : Date.parse(expiresAt)}`;
}
