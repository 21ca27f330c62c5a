/** Changes answers. Changes of a channel that come during a round share the next one. */

import type { AnswerChange, AnswerLimits, AnswerOutcome } from '../../../../engine/ports/answer-store.js';
import type { Clock, Random } from '../../../../engine/ports/clock.js';
import type { ChannelName } from '../../../../model/channel-name.js';
import { FanfareError } from '../../../../model/fanfare-error.js';
import { backOff, ChannelQueues, type QueueLimits } from '../channel-queues.js';
import type { KeyedStream } from '../keyed-stream.js';
import type { Life } from '../life.js';
import type { ServerTime } from '../server-time.js';
import type { AnswerLog } from './answer-log.js';
import { AnswerRound } from './answer-round.js';
import type { ChannelAnswers } from './channel-answers.js';

interface ChangerPorts extends QueueLimits {
  readonly stream: KeyedStream;
  readonly log: AnswerLog;
  readonly life: Life;
  readonly time: ServerTime;
  readonly clock: Clock;
  readonly random: Random;
  /** How long a round may lose against other nodes. */
  readonly timeoutMs: number;
}

type Task =
  | { readonly do: 'change'; readonly change: AnswerChange; readonly limits: AnswerLimits }
  /** Interrupts and forgets what is due. */
  | { readonly do: 'finish' }
  /** Forgets what has ended. */
  | { readonly do: 'clear' };

/** Most characters of the answers of a channel, since whoever reads it has all of them in memory. */
const maxChannelChars = 33_554_432;

export class AnswerChanger {
  readonly #queues: ChannelQueues<Task, AnswerOutcome | undefined>;

  constructor(private readonly ports: ChangerPorts) {
    this.#queues = new ChannelQueues(ports, {
      name: 'changes of streams',
      mayFollow: () => true,
      run: (channel, tasks) => this.#run(channel, tasks),
    });
  }

  /** @throws FanfareError `ERR_BROKER`, `ERR_MESSAGE_TOO_LARGE`, `ERR_HISTORY_BROKEN` */
  async change(channel: ChannelName, change: AnswerChange, limits: AnswerLimits): Promise<AnswerOutcome> {
    const outcome = await this.#queues.add(channel, { do: 'change', change, limits }, lengthOf(change));
    if (outcome === undefined) throw new Error('a change has an outcome');
    return outcome;
  }

  /** Interrupts and forgets what is due. Throws as {@link change}. */
  async finishDue(channel: ChannelName): Promise<void> {
    await this.#queues.add(channel, { do: 'finish' }, 0);
  }

  /** Forgets what has ended; all, if that cannot be read. Throws as {@link change}. */
  async clear(channel: ChannelName): Promise<void> {
    try {
      await this.#queues.add(channel, { do: 'clear' }, 0);
    } catch (error) {
      if (!(error instanceof FanfareError) || error.code !== 'ERR_HISTORY_BROKEN') throw error;
      await this.ports.log.beginAgain(channel);
    }
  }

  async #run(channel: ChannelName, tasks: readonly Task[]): Promise<readonly (AnswerOutcome | undefined)[]> {
    const { stream, log, life, time, clock, timeoutMs } = this.ports;
    const beganMs = clock.nowMs();
    let known = await log.known(channel);
    let isCurrent = false;
    for (let attempt = 1; ; attempt++) {
      // Another node may know of the present life before this one.
      if (known.last.life !== life.current) await stream.check();
      const round = new AnswerRound(known, {
        nowMs: time.nowMs(),
        life: life.current,
        maxChars: maxChannelChars,
      });
      const outcomes = tasks.map((task) => apply(round, task));
      if (round.hasChanged) {
        if (
          await this.#commit(
            channel,
            known,
            round,
            tasks.some((task) => task.do !== 'change'),
          )
        )
          return outcomes;
      } else if (isCurrent && (!stream.isReplicated || (await log.confirm(channel, known)))) {
        return outcomes;
      }
      if (clock.nowMs() - beganMs > timeoutMs) {
        throw new FanfareError('ERR_BROKER', 'other nodes change the streams of this channel faster than this one can');
      }
      await backOff(this.ports, attempt);
      known = await log.current(channel);
      isCurrent = true;
    }
  }

  /** @param isFinishing what is forgotten goes at once, since the channel may not be used again */
  async #commit(
    channel: ChannelName,
    known: ChannelAnswers,
    round: AnswerRound,
    isFinishing: boolean,
  ): Promise<boolean> {
    const { log, life, time } = this.ports;
    const nowMs = time.nowMs();
    const isMade = await log.commit(channel, known, round.entry(known.mustCover(nowMs)));
    if (isMade && isFinishing && round.hasForgotten && known.uncovered.forgotten.size > 0) {
      const terms = { nowMs, life: life.current, maxChars: maxChannelChars };
      await log.commit(channel, known, new AnswerRound(known, terms).entry(true));
    }
    return isMade;
  }
}

function apply(round: AnswerRound, task: Task): AnswerOutcome | undefined {
  if (task.do === 'change') return round.change(task.change, task.limits);
  if (task.do === 'clear') round.clear();
  return undefined;
}

/** In characters. */
function lengthOf(change: AnswerChange): number {
  switch (change.kind) {
    case 'open':
      return change.id.length + (change.meta?.length ?? 0);
    case 'append':
      return change.id.length + change.body.length;
    case 'end':
      return change.id.length + (change.result?.length ?? 0);
    case 'renew':
    case 'cancel':
      return change.id.length;
  }
}
