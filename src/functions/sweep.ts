/**
 * What no event asks for: publications that a function has not delivered before it died, and connections whose time has
 * come, to be pinged, ended, or found dead.
 */

import { parseChannelName } from '../model/channel-name.js';
import type { ConnectionState } from './connection-state.js';
import { connectionEndsAtMs } from './due.js';
import type { FanOut } from './fan-out.js';
import type { FunctionPorts } from './function-ports.js';
import { inParallel } from './in-parallel.js';
import type { Visit } from './visit.js';
import type { Visits } from './visits.js';

/** Of each kind in one round. */
const perRound = 256;
const atOnce = 32;

/** What a sweep has done. */
export interface SweepReport {
  /** Channels in which publications were delivered late. */
  readonly lateChannels: number;
  readonly connections: number;
  /** Connections that were found to have ended, or were ended. */
  readonly ended: number;
  /** Not everything that was due was done, for want of time. */
  readonly isCut: boolean;
}

export class Sweep {
  constructor(
    private readonly ports: FunctionPorts,
    private readonly visits: Visits,
    private readonly fanOut: FanOut,
  ) {}

  /** @param withinMs begins nothing afterwards */
  async run(withinMs: number): Promise<SweepReport> {
    const { clock } = this.ports.engine;
    const endsAtMs = clock.nowMs() + withinMs;
    const lateChannels = await this.#deliverLate();
    const seen = new Set<string>();
    let ended = 0;
    for (;;) {
      const due = await this.ports.store.connections.due(clock.wallMs(), perRound);
      // Whose look has failed is still due.
      const fresh = due.filter((id) => !seen.has(id));
      if (fresh.length === 0) return { lateChannels, connections: seen.size, ended, isCut: false };
      if (clock.nowMs() >= endsAtMs) return { lateChannels, connections: seen.size, ended, isCut: true };
      await inParallel(fresh, atOnce, async (id) => {
        seen.add(id);
        if (await this.#lookAt(id)) ended++;
      });
    }
  }

  async #deliverLate(): Promise<number> {
    const { store, engine, times } = this.ports;
    const marks = await store.late.before(engine.clock.wallMs() - times.lateMs, perRound);
    const channels = [...new Set(marks.map(({ channel }) => channel))];
    await inParallel(channels, atOnce, async (channel) => {
      const name = parseChannelName(channel);
      if (name !== undefined && !(await this.fanOut.deliverLate(name))) return;
      // Those that came meanwhile stay.
      const ofChannel = marks.filter((mark) => mark.channel === channel);
      await Promise.all(ofChannel.map(({ mark }) => store.late.unmark(channel, mark)));
    });
    return channels.length;
  }

  /** Whether the connection has ended. */
  async #lookAt(id: string): Promise<boolean> {
    const outcome = await this.visits.visit(id, {
      do: async (visit, state) => {
        await this.#inspect(id, visit, state);
        return visit.session.is('closed');
      },
    });
    if (outcome.kind === 'absent') await this.ports.store.connections.notDue(id);
    return outcome.kind === 'absent' || (outcome.kind === 'done' && outcome.answer);
  }

  async #inspect(id: string, visit: Visit, state: ConnectionState): Promise<void> {
    const { gateway, engine, limits, times } = this.ports;
    const { session, node } = visit;
    const nowMs = engine.clock.wallMs();
    if (session.is('closed')) return;
    if (!session.is('connected')) {
      if (nowMs >= state.beganAtMs + limits.connectTimeoutMs) session.onDeadline();
      return;
    }
    if (nowMs >= connectionEndsAtMs(state, limits)) {
      if (session.admitted?.refreshable) session.onDeadline();
      else await node.ports.renewConnection(session);
    }
    for (const subscription of [...session.subscriptions]) {
      const { expiresAtMs, clientRefresh, rule } = subscription;
      const graceMs = clientRefresh ? limits.expiredGraceMs : 0;
      if (expiresAtMs === undefined || nowMs < expiresAtMs + graceMs) continue;
      if (rule.renew !== undefined && !clientRefresh && !subscription.serverSide) {
        await node.ports.renewSubscription(session, subscription);
      } else session.subscriptions.subscriptionExpired(subscription);
    }
    if (!session.is('connected')) return;
    if (!(await gateway.isOpen(state.endpoint, id))) session.connectionClosed();
    else if (nowMs >= state.pingedAtMs + times.pingMs) visit.ping();
    else visit.renewPresence();
  }
}
