/** Waits for the end of an answer's need, for producers that no program on this node holds: over HTTP, and clients. */

import type { ChannelName } from '../../model/channel-name.js';
import { FanfareError } from '../../model/fanfare-error.js';
import type { Clock } from '../ports/clock.js';
import type { Stop } from './answer-producer.js';
import type { Answering } from './answering.js';
import type { Rule } from './rule.js';

interface Ports {
  readonly answering: Pick<Answering, 'change' | 'watch'>;
  readonly clock: Clock;
}

/**
 * Who waits is alive: the answer is renewed. Resolves with `undefined` after the time. Throws as `Answering.change`, also
 * while it waits.
 */
export async function waitForStop(
  { answering, clock }: Ports,
  channel: ChannelName,
  rule: Rule,
  { id, run }: { readonly id: string; readonly run: number },
  maxWaitMs: number,
): Promise<Stop | undefined> {
  const untilMs = clock.nowMs() + maxWaitMs;
  const beatMs = (rule.streams?.silenceMs ?? maxWaitMs) / 3;
  let stopped: Stop | undefined;
  let wake = () => {};
  // First, so that nothing is missed between the look and the wait.
  const unwatch = answering.watch(channel, id, run, (why) => {
    stopped ??= why;
    wake();
  });
  try {
    for (;;) {
      const { isCancelled } = await answering.change(channel, rule, { kind: 'renew', id, run });
      if (isCancelled) stopped ??= 'cancelled';
      const leftMs = untilMs - clock.nowMs();
      if (stopped !== undefined || leftMs <= 0) return stopped;
      await new Promise<void>((resolve) => {
        const cancel = clock.schedule(resolve, Math.min(leftMs, beatMs));
        wake = () => {
          cancel();
          resolve();
        };
      });
      if (stopped !== undefined) return stopped;
    }
  } catch (error) {
    if (error instanceof FanfareError && error.code === 'ERR_STREAM_LOST') return 'lost';
    throw error;
  } finally {
    unwatch();
  }
}
