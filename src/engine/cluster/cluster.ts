/** A node among others: which nodes are alive, and questions to them, all over the broker's control channel. */

import { RepeatedWarning } from '../log/repeated-warning.js';
import type { Cancel, Clock, Random } from '../ports/clock.js';
import type { ControlChannel } from '../ports/control-channel.js';
import type { Logger } from '../ports/logger.js';
import type { Tracer } from '../ports/tracer.js';
import { withTimeLimit } from '../time/time-limit.js';
import { ClusterAnswers, type Responder } from './answers.js';
import { type ClusterMessage, decodeClusterMessage, type NodeSummary, payloadsOf } from './messages.js';
import { beatIntervalMs, ClusterPeers, deafAfterMs } from './peers.js';
import { type Answer, type AskOptions, ClusterQuestions } from './questions.js';

interface ClusterParts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Absent: there are no other nodes, and questions get no answers. */
  readonly control: ControlChannel | undefined;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** The state of this node, for the others. */
  readonly summary: () => NodeSummary;
  /** Longest time without a message of its own through the broker: now, or within the last `ms` milliseconds. */
  readonly silenceWithin: (ms: number) => number;
}

/** After this a new node has heard of all others, even if their answers to its first heartbeat were lost. */
const newForMs = beatIntervalMs + 1_000;

/** A silence of this node's own, now or so long ago, that makes the silence of another prove nothing; messages to itself leave every second. */
const [doubtWithinMs, doubtAfterMs] = [5_000, 2_000];

/** Of the id of an unknown sender, for the log. */
const maxCitedLength = 64;

/** Counters for metrics; they only grow. */
interface ClusterFigures {
  messagesIn: number;
  messagesOut: number;
  /** Messages that could not be decoded or sent. */
  messagesLost: number;
  questionsLate: number;
  nodesLost: number;
}

export class Cluster {
  readonly figures: ClusterFigures = { messagesIn: 0, messagesOut: 0, messagesLost: 0, questionsLate: 0, nodesLost: 0 };
  readonly #peers = new ClusterPeers();
  readonly #answers: ClusterAnswers;
  readonly #questions: ClusterQuestions;
  readonly #onJoined: ((nodeId: string) => void)[] = [];
  readonly #onLost: ((nodeId: string) => void)[] = [];
  readonly #onHeardAgain: ((nodeId: string) => void)[] = [];
  /** Known nodes whose messages may have been missed while this node received nothing. */
  readonly #unheard = new Set<string>();
  readonly #garbage: RepeatedWarning;
  readonly #unsent: RepeatedWarning;
  #beat: Cancel | undefined;
  #isRunning = false;
  #isClosed = false;
  /** Called when a new node hears of another one, and when it no longer counts as new; absent from then on. */
  #waitingForPeers: Set<() => void> | undefined;
  #cancelNew: Cancel | undefined;

  constructor(private readonly parts: ClusterParts) {
    const { clock, log, tracer } = parts;
    const what = 'messages of other nodes make no sense: they are of another version, or somebody else sends there';
    this.#garbage = new RepeatedWarning(what, parts);
    this.#unsent = new RepeatedWarning('messages to other nodes were not sent', parts);
    this.#answers = new ClusterAnswers({ clock, log, tracer }, (message, to) => void this.#send(message, to));
    this.#questions = new ClusterQuestions({
      clock,
      send: (message, to) => void this.#send(message, to),
      silenceOf: (node) => this.#silenceOf(node),
    });
  }

  /** It asks and answers nobody any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Other nodes that are known to be alive. */
  get size(): number {
    return this.#peers.size;
  }

  /** Ids of the other nodes. */
  ids(): string[] {
    return this.#peers.ids();
  }

  has(nodeId: string): boolean {
    return this.#peers.has(nodeId);
  }

  /** The last state that each of the other nodes has sent, a few seconds old. */
  summaries(): NodeSummary[] {
    return this.#peers.summaries();
  }

  /** Answers questions of a kind that other nodes ask. */
  serve(about: string, responder: Responder): void {
    this.#answers.serve(about, responder);
  }

  /** Called with the id of each node that appears, also after it was considered dead. */
  onJoined(listener: (nodeId: string) => void): void {
    this.#onJoined.push(listener);
  }

  /** Called with the id of each known node when it is heard again after either may have missed what the other has said. */
  onHeardAgain(listener: (nodeId: string) => void): void {
    this.#onHeardAgain.push(listener);
  }

  /** Called with the id of each node that has left or is considered dead. */
  onLost(listener: (nodeId: string) => void): void {
    this.#onLost.push(listener);
  }

  /** What that node has said may have been missed: with its next sign of life it counts as heard again. */
  missed(nodeId: string): void {
    if (this.#peers.has(nodeId)) this.#unheard.add(nodeId);
  }

  async start(): Promise<void> {
    const { control, nodeId } = this.parts;
    if (control === undefined) return;
    await control.start(nodeId, (payload, from) => this.#receive(payload, from));
    this.#isRunning = true;
    this.#waitingForPeers = new Set();
    this.#cancelNew = this.parts.clock.schedule(() => this.#isNewNoMore(), newForMs);
    this.#giveSign(true);
  }

  /**
   * Announces that this node leaves, so that no other waits for it. Resolves when the broker has accepted that, or
   * after `deadlineMs`. Idempotent.
   */
  async close(deadlineMs: number): Promise<void> {
    if (!this.#isRunning) return;
    this.#questions.close();
    this.#answers.close();
    const { clock, log } = this.parts;
    const said = withTimeLimit(clock, deadlineMs, 'good-bye', this.#send({ kind: 'bye' }));
    this.#isRunning = false;
    this.#isClosed = true;
    this.#isNewNoMore();
    this.#beat?.();
    this.#garbage.close();
    await said.catch((error: unknown) => log.debug({ err: error }, 'others have to find out by themselves'));
    this.#unsent.close();
  }

  /** Asks one node. A new node first waits until it has heard of that node. Never rejects. */
  async ask(nodeId: string, about: string, body: unknown, options: AskOptions): Promise<Answer> {
    while (!this.#peers.has(nodeId) && this.#waitingForPeers !== undefined) {
      await new Promise<void>((resolve) => this.#waitingForPeers?.add(resolve));
    }
    if (this.#isClosed) return { ok: false, reason: 'closing' };
    if (!this.#peers.has(nodeId)) return { ok: false, reason: 'gone' };
    const answers = await this.#questions.ask(this.#question(about, body), [nodeId], false, options);
    return this.#counted(answers.get(nodeId) ?? { ok: false, reason: 'gone' });
  }

  /**
   * Asks all other nodes. Resolves with the answers that arrive in time; never rejects. Each node acts once, however
   * often the question is sent.
   */
  async askAll(about: string, body: unknown, options: AskOptions): Promise<unknown[]> {
    if (!this.#isRunning) return [];
    const answers = await this.#questions.ask(this.#question(about, body), this.#peers.ids(), true, options);
    return [...answers.values()].flatMap((answer) =>
      this.#counted(answer).ok && 'body' in answer ? [answer.body] : [],
    );
  }

  #isNewNoMore(): void {
    this.#cancelNew?.();
    this.#tellWaiting();
    this.#waitingForPeers = undefined;
  }

  #tellWaiting(): void {
    for (const tell of this.#waitingForPeers ?? []) tell();
    this.#waitingForPeers?.clear();
  }

  #counted(answer: Answer): Answer {
    if (!answer.ok && answer.reason === 'late') this.figures.questionsLate++;
    return answer;
  }

  #question(about: string, body: unknown) {
    const trace = this.parts.tracer?.current();
    return { id: this.#newId(), about, body, ...(trace !== undefined && { trace }) };
  }

  #newId(): string {
    return this.parts.random.id();
  }

  #giveSign(isNew: boolean): void {
    const { clock, summary, silenceWithin } = this.parts;
    void this.#send({ kind: 'beat', node: summary(), isNew });
    this.#beat = clock.schedule(() => {
      if (silenceWithin(beatIntervalMs) > deafAfterMs) {
        this.#peers.excuseAll(clock.nowMs());
        for (const id of this.#peers.ids()) this.#unheard.add(id);
      }
      for (const id of this.#peers.silent(clock.nowMs())) this.#lose(id);
      this.#giveSign(false);
    }, beatIntervalMs);
  }

  /** A node that does not hear itself, or did not a moment ago, knows nothing of the silence of others. */
  #silenceOf(node: string): number {
    const isDeaf = this.parts.silenceWithin(doubtWithinMs) > doubtAfterMs;
    return isDeaf ? 0 : this.#peers.silenceOf(node, this.parts.clock.nowMs());
  }

  #lose(id: string): void {
    if (!this.#peers.remove(id)) return;
    this.#unheard.delete(id);
    this.figures.nodesLost++;
    this.#questions.lost(id);
    this.#answers.abortAllOf(id);
    this.parts.log.info({ node: id }, 'a node is gone');
    for (const listener of this.#onLost) listener(id);
  }

  /** Resolves when the broker has accepted the message, or when it is lost. */
  async #send(message: ClusterMessage, to?: string): Promise<void> {
    const { control, log } = this.parts;
    if (control === undefined || !this.#isRunning) return;
    const payloads = payloadsOf(message, () => this.#newId());
    if (payloads.length === 0) {
      this.figures.messagesLost++;
      log.warn({ kind: message.kind }, 'a message to other nodes is too long to be sent');
    }
    const send = async (payload: string) => {
      this.figures.messagesOut++;
      try {
        await control.send(payload, to);
      } catch (error) {
        this.figures.messagesLost++;
        this.#unsent.found({ err: error, kind: message.kind });
      }
    };
    await Promise.all(payloads.map(send));
  }

  #receive(payload: string, from: string): void {
    if (!this.#isRunning) return;
    this.figures.messagesIn++;
    this.#peers.heard(from, this.parts.clock.nowMs());
    const message = decodeClusterMessage(payload);
    if (message === undefined) this.#passOver(from);
    else this.#take(message, from);
  }

  #passOver(from: string): void {
    this.figures.messagesLost++;
    this.#garbage.found({ node: from.slice(0, maxCitedLength) });
  }

  #take(message: ClusterMessage, from: string): void {
    switch (message.kind) {
      case 'beat':
        this.#takeBeat(message, from);
        break;
      case 'bye':
        this.#lose(from);
        break;
      case 'ask':
        void this.#answers.take(message, from);
        break;
      case 'working':
        this.#questions.working(message.id, from);
        break;
      case 'answer':
        this.#questions.answered(message.id, from, { ok: true, body: message.body });
        break;
      case 'no_answer': {
        const reason = message.isUnknown ? 'unknown' : 'refused';
        this.#questions.answered(message.id, from, { ok: false, reason });
        break;
      }
      case 'abort':
        this.#answers.abort(message.id, from);
        break;
      case 'part': {
        const whole = this.#peers.partsOf(from)?.take(message);
        const assembled = whole === undefined ? undefined : decodeClusterMessage(whole);
        if (assembled !== undefined && assembled.kind !== 'part') this.#take(assembled, from);
      }
    }
  }

  #takeBeat({ node, isNew }: Extract<ClusterMessage, { kind: 'beat' }>, from: string): void {
    const { clock, summary, log } = this.parts;
    if (node.id !== from) return;
    const isUnknown = this.#peers.beat(node, clock.nowMs());
    // A new node need not wait for the next heartbeat. After a partition both sides answer, to learn what they missed. Who
    // knows this node already is told that it was not known here, and may have missed what was said to all meanwhile.
    if (isNew || isUnknown) void this.#send({ kind: 'beat', node: summary(), isNew: isUnknown && !isNew }, from);
    const isHeardAgain = this.#unheard.delete(from) || isNew;
    if (!isUnknown) {
      if (isHeardAgain) for (const listener of this.#onHeardAgain) listener(from);
      return;
    }
    this.#tellWaiting();
    log.info({ node: from, version: node.version }, 'a node is there');
    for (const listener of this.#onJoined) listener(from);
  }
}
