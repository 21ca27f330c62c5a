/** The application's operations where functions serve its clients: orders are carried out in visits of those whom they concern. */

import type { Revocation } from '../engine/auth/revocations.js';
import type { ChannelSummary, ClientSelector } from '../engine/operations/clients.js';
import { Operations, type OperationsPorts, type PublishRequestOptions } from '../engine/operations/operations.js';
import type { Order } from '../engine/operations/order.js';
import { orders, type RefreshOfClients } from '../engine/operations/orders.js';
import type { HistoryPage, HistoryQuery, PresenceStats, Published } from '../engine/ports/broker.js';
import type { ServerSubscribeOptions } from '../engine/sessions/server-subscribe.js';
import type { Disconnect, Unsubscribe } from '../model/codes.js';
import { FanfareError } from '../model/fanfare-error.js';
import { type JsonPayload, type Payload, payloadJson } from '../model/payload.js';
import type { ClientInfo } from '../model/publication.js';
import { connectionOf } from './connection-state.js';
import type { FunctionStore } from './function-store.js';
import { inParallel } from './in-parallel.js';
import type { Visits } from './visits.js';

/** Connections that are visited at the same time for one order. */
const atOnce = 32;

export class FunctionOperations extends Operations {
  constructor(
    private readonly nodePorts: OperationsPorts,
    private readonly store: FunctionStore,
    private readonly visits: Visits,
    /** Connects to the store, once. */
    private readonly start: () => Promise<void>,
  ) {
    super(nodePorts);
  }

  override async publish(channel: string, data: Payload, options: PublishRequestOptions): Promise<Published> {
    await this.start();
    return super.publish(channel, data, options);
  }

  override async broadcast(
    channels: readonly string[],
    data: Payload,
    options: PublishRequestOptions,
  ): Promise<PromiseSettledResult<Published>[]> {
    await this.start();
    return super.broadcast(channels, data, options);
  }

  override async presence(channel: string): Promise<readonly ClientInfo[]> {
    await this.start();
    return super.presence(channel);
  }

  override async presenceStats(channel: string): Promise<PresenceStats> {
    await this.start();
    return super.presenceStats(channel);
  }

  override async history(channel: string, query: HistoryQuery): Promise<HistoryPage> {
    await this.start();
    return super.history(channel, query);
  }

  override async removeHistory(channel: string): Promise<void> {
    await this.start();
    await super.removeHistory(channel);
  }

  override async subscribe(who: ClientSelector, channel: string, options: ServerSubscribeOptions): Promise<number> {
    const counts = await this.#carryOut(orders.subscribe.of({ who, channel, options }), await this.#idsOf(who));
    return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
  }

  override async unsubscribe(who: ClientSelector, channel: string, why?: Unsubscribe): Promise<void> {
    await this.#carryOut(orders.unsubscribe.of({ who, channel, why }), await this.#idsOf(who));
  }

  override async disconnect(who: ClientSelector, why?: Disconnect, except: readonly string[] = []): Promise<void> {
    await this.#carryOut(orders.disconnect.of({ who, why, except: [...except] }), await this.#idsOf(who));
  }

  override async refresh(who: ClientSelector, options: RefreshOfClients): Promise<void> {
    await this.#carryOut(orders.refresh.of({ who, options }), await this.#idsOf(who));
  }

  override async send(who: ClientSelector, data: JsonPayload): Promise<void> {
    await this.#carryOut(orders.send.of({ who, data: payloadJson(data) }), await this.#idsOf(who));
  }

  override async revoke(revocation: Revocation): Promise<void> {
    const { revocations } = this.nodePorts;
    const dated = revocations.dated(revocation);
    await this.start();
    await this.store.revocations.add(dated);
    const ids =
      dated.kind === 'token'
        ? await this.store.index.members('token', dated.tokenId)
        : await this.store.index.members('user', dated.user);
    await this.#carryOut(orders.revoke.of({ revocation: dated }), ids);
  }

  override async unblock(user: string): Promise<void> {
    const { revocations } = this.nodePorts;
    const atMs = revocations.timeToUnblock(user);
    await this.start();
    await this.store.revocations.unblock(user, atMs);
    revocations.unblock(user, atMs);
  }

  override async channels(): Promise<ChannelSummary[]> {
    throw new FanfareError('ERR_NOT_AVAILABLE', 'functions find connections by channel, and have no list of channels');
  }

  override issueTicket(): string {
    throw new FanfareError(
      'ERR_NOT_AVAILABLE',
      'tickets live in the memory of a node, and functions have none: sign tokens',
    );
  }

  async #idsOf({ user, client }: ClientSelector): Promise<readonly string[]> {
    await this.start();
    if (client !== undefined) return [connectionOf(client)];
    return user === '' ? [] : this.store.index.members('user', user);
  }

  /**
   * Whoever works for a client has its connection: there the order is carried out at once, and for others afterwards.
   *
   * @throws FanfareError as the order does, for a channel that does not exist even without a client
   */
  async #carryOut(order: Order, ids: readonly string[]): Promise<unknown[]> {
    const answers = [await order.follow(this.nodePorts)];
    const { current } = this.visits;
    if (current === undefined) {
      await this.#visitAll(order, ids, answers);
      return answers;
    }
    const { id } = current;
    if (ids.includes(id)) answers.push(await order.follow(current.node.ports));
    const others = ids.filter((other) => other !== id);
    if (others.length > 0) current.afterwards(() => this.#visitAll(order, others, []));
    return answers;
  }

  async #visitAll(order: Order, ids: readonly string[], answers: unknown[]): Promise<void> {
    await inParallel(ids, atOnce, async (id) => {
      const outcome = await this.visits.visit(id, { do: (visit) => answerOf(order, visit.node.ports) });
      if (outcome.kind !== 'done') return;
      const { answer } = outcome;
      if ('error' in answer) throw answer.error;
      answers.push(answer.value);
    });
  }
}

/** What the order throws is not the visit's fault. */
async function answerOf(
  order: Order,
  ports: Parameters<Order['follow']>[0],
): Promise<{ readonly value: unknown } | { readonly error: unknown }> {
  try {
    return { value: await order.follow(ports) };
  } catch (error) {
    return { error };
  }
}
