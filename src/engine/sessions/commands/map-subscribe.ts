/**
 * `subscribe` to a map: pages of its state, then the changes since the first page was read, then everything from then
 * on. Until the last step the subscription holds its place in the session and costs nothing in the hub.
 */

import { errorCodes } from '../../../model/codes.js';
import { type MapRequest, mapPhases, mapTypes, type SubscribeRequest } from '../../../model/command.js';
import { payloadLength } from '../../../model/payload.js';
import type { Position } from '../../../model/position.js';
import type { Publication } from '../../../model/publication.js';
import type { ReplyBody, SubscribeResult } from '../../../model/reply.js';
import type { StatePage } from '../../../model/state-page.js';
import type { EncodedMessage } from '../../../protocols/protocol.js';
import { otherKind } from '../../channels/map-refusals.js';
import { limitReached, membership, unrecoverable } from '../../channels/refusal-lines.js';
import type { Rule } from '../../channels/rule.js';
import { Attachment } from '../../fanout/attachment.js';
import type { MapPages } from '../../fanout/map-pages.js';
import { isTooLarge, sizeOf, whenRoomFor } from '../../fanout/reply-room.js';
import { Subscription } from '../../fanout/subscription.js';
import { historyOf } from '../../ports/broker.js';
import { type Denied, refuse } from '../../ports/decision.js';
import { defaultPageSize, maxPageLength } from '../../ports/map-store.js';
import type { Slices } from '../../time/slices.js';
import { ttlSec } from '../../time/ttl.js';
import { countRecovery, establish } from '../establish.js';
import type { Session } from '../session.js';
import { rateAsked } from './max-rate.js';
import { authorize, overtaken, type SubscribePorts } from './subscribe.js';
import { findTarget } from './target.js';

export interface MapSubscribePorts extends SubscribePorts {
  /** How far clients have come that are not live yet. */
  readonly mapLoads: WeakMap<Subscription, MapLoad>;
  readonly mapPages: MapPages;
  /** In one turn of the event loop. */
  readonly mapSteps: Slices;
}

/** A client on its way from the first request to live changes. */
export interface MapLoad {
  /** Where the stream was when the first page of the state was read; `undefined` for a client that comes back. */
  start: Position | undefined;
}

/** One request, and the subscription that it is about. */
interface Step {
  readonly session: Session;
  readonly id: number;
  readonly request: SubscribeRequest;
  readonly map: MapRequest;
  readonly subscription: Subscription;
  readonly load: MapLoad;
}

type Answer = ReplyBody | Denied | undefined;

/** `lost`: changes are gone. A step: there is more to read first, under the subscription that has the place now. */
type Ending = 'live' | 'lost' | 'overtaken' | Step;

export async function runMapSubscribe(
  ports: MapSubscribePorts,
  session: Session,
  id: number,
  request: SubscribeRequest,
  map: MapRequest,
): Promise<Answer> {
  const target = findTarget(ports, request.channel);
  if (!target.ok) return target;
  const { channel, rule } = target;
  if (!isOfType(rule, map.type)) return refuse(errorCodes.notAvailable, otherKind('subscribe', target));
  const held = session.subscriptions.get(channel);
  const known = held && ports.mapLoads.get(held);
  if (held !== undefined && known === undefined) {
    return refuse(errorCodes.alreadySubscribed, membership('subscribe', channel, true));
  }
  const isFirst = map.phase === mapPhases.state && map.cursor === 0;
  if (held !== undefined && known !== undefined && !isFirst) {
    return goOn(ports, { session, id, request, map, subscription: held, load: known });
  }
  // The client begins anew: what it has read is of no use to it.
  if (held !== undefined) session.subscriptions.takeBack(held);
  // Its pages were read from a node, or under a connection, that is gone.
  if (!isFirst && request.recoverSince === undefined) {
    return refuse(errorCodes.unrecoverablePosition, unrecoverable(target, 'subscribe'));
  }
  if (!session.hasRoom) {
    const { maxChannelsPerConnection: most } = ports.limits;
    return refuse(errorCodes.limitExceeded, limitReached('maxChannelsPerConnection', most));
  }
  const rate = rateAsked(session, target, request.data);
  if (!rate.ok) return rate;
  const { maxRate } = rate;
  const options = { joinLeave: false, serverSide: false, maxRate };
  const subscription = new Subscription(session.subscriptions, channel, rule, options);
  session.subscriptions.add(subscription);
  let granted: Awaited<ReturnType<typeof authorize>> | undefined;
  try {
    granted = await authorize(ports, session, channel, rule, request);
  } finally {
    if (granted?.ok !== true) session.subscriptions.takeBack(subscription);
  }
  if (!granted.ok) return granted;
  subscription.grant(granted.identity, granted.clientRefresh);
  const load = { start: undefined };
  ports.mapLoads.set(subscription, load);
  return goOn(ports, { session, id, request, map, subscription, load });
}

/** A map of any kind is one of keys and values; one of clients or users has such keys. */
function isOfType({ map }: Rule, type: MapRequest['type']): boolean {
  if (map === undefined) return false;
  return type === mapTypes.any || map.key === (type === mapTypes.clients ? 'client' : 'user');
}

async function goOn(ports: MapSubscribePorts, step: Step): Promise<Answer> {
  const { session, subscription, map } = step;
  try {
    // Newcomers may come in thousands, each with many pages.
    const turn = ports.mapSteps.enter();
    if (turn !== undefined) await turn;
    if (subscription.isEnded) return overtaken(subscription);
    return await (map.phase === mapPhases.state ? readState(ports, step) : readStream(ports, step));
  } catch (error) {
    session.subscriptions.takeBack(subscription);
    throw error;
  }
}

async function readState(ports: MapSubscribePorts, step: Step): Promise<Answer> {
  const { subscription, map, load } = step;
  const limit = pageSize(map);
  const query = { after: map.cursor, limit, ...(load.start && { upTo: load.start.offset }) };
  const { state, next, top } = await ports.mapPages.read(subscription.channel, query);
  if (subscription.isEnded) return overtaken(subscription);
  if (load.start !== undefined && load.start.epoch !== top.epoch) return loseState(ports, step);
  load.start ??= top;
  subscription.rule.counts.mapPages++;
  const page = pageOf(mapPhases.state, load.start, { state, cursor: next });
  if (next !== 0) return inRoom(ports, step, page);
  // The last page may be large, and comes with the reply that makes the subscription live.
  const refused = await roomFor(ports, step, step.session.encodeReply(step.id, page));
  if (refused !== undefined) return refused;
  const ending = await goLive(ports, step, load.start, state);
  return typeof ending === 'object' ? page : endingReply(ports, step, ending);
}

async function readStream(ports: MapSubscribePorts, step: Step): Promise<Answer> {
  const { map, load, request } = step;
  const since = request.recoverSince ?? map.position;
  if (load.start !== undefined && load.start.epoch !== since.epoch) return giveUp(step);
  const ending = await goLive(ports, step, since, undefined);
  if (typeof ending !== 'object') return endingReply(ports, step, ending);
  return map.phase === mapPhases.stream ? readChanges(ports, ending, since) : giveUp(ending);
}

/** A page of the changes that the client has missed: more than one recovery has. */
async function readChanges(ports: MapSubscribePorts, step: Step, since: Position): Promise<Answer> {
  const { channel, rule } = step.subscription;
  const page = await historyOf(ports.broker, rule)?.read(channel, { limit: pageSize(step.map), since, reverse: false });
  if (page?.continuous !== true) return loseState(ports, step);
  const publications = upToLength(page.publications);
  const offset = publications.at(-1)?.offset ?? since.offset;
  return inRoom(ports, step, pageOf(mapPhases.stream, { offset, epoch: page.top.epoch }, { publications }));
}

function pageSize({ limit }: MapRequest): number {
  return limit === 0 ? defaultPageSize : Math.min(limit, defaultPageSize);
}

function upToLength(publications: readonly Publication[]): readonly Publication[] {
  let length = 0;
  const end = publications.findIndex(({ data, key = '' }, index) => {
    length += payloadLength(data) + key.length;
    return length > maxPageLength && index > 0;
  });
  return end === -1 ? publications : publications.slice(0, end);
}

/** A reply after which the client asks for more. */
function pageOf(
  phase: MapRequest['phase'],
  position: Position,
  {
    state,
    cursor = 0,
    publications = [],
  }: { state?: StatePage; cursor?: number; publications?: readonly Publication[] },
): Extract<ReplyBody, { kind: 'subscribe' }> {
  const unsettled = { recoverable: false, positioned: false, wasRecovering: false, recovered: false };
  return { kind: 'subscribe', result: { ...unsettled, ...position, publications, map: { phase, cursor, state } } };
}

/**
 * Takes the subscription live from `since`, and tells the client, with the last page of the state. If that is not
 * possible, another subscription has its place.
 */
async function goLive(
  ports: MapSubscribePorts,
  step: Step,
  since: Position,
  state: StatePage | undefined,
): Promise<Ending> {
  const { session, id, request, subscription } = step;
  const kind = request.recoverSince === undefined ? 'state' : 'recovery';
  const attachment = new Attachment(ports, subscription, since, { kind });
  let unrecovered: SubscribeResult | undefined;
  const isEstablished = await establish(ports, session, [attachment], ([result]) => {
    if (result === undefined) return undefined;
    if (!result.recovered) {
      unrecovered = result;
      return undefined;
    }
    const ttl = subscription.clientRefresh && ttlSec(ports.clock, subscription.expiresAtMs);
    // Clients take the offset for the top of the stream.
    const offset = result.publications.at(-1)?.offset ?? result.offset;
    const live = {
      ...result,
      recovered: kind === 'recovery',
      offset,
      map: { phase: mapPhases.live, cursor: 0, state },
    };
    ports.mapLoads.delete(subscription);
    return [session.encodeReply(id, { kind: 'subscribe', result: { ...live, ...ttl } })];
  });
  if (isEstablished) return 'live';
  if (unrecovered === undefined || hasBeenEnded(subscription)) return 'overtaken';
  if (attachment.loss !== 'too-many' && attachment.loss !== 'too-large') {
    countRecovery(ports.counters, attachment, unrecovered);
    return 'lost';
  }
  return keepPlace(ports, step);
}

function hasBeenEnded({ stage }: Subscription): boolean {
  return stage.name === 'ended' && stage.why !== undefined;
}

/** A subscription that was not established is over; one like it goes on reading. */
function keepPlace({ mapLoads }: MapSubscribePorts, step: Step): Ending {
  const { session, load } = step;
  const { channel, rule, identity, clientRefresh, askedRate: maxRate } = step.subscription;
  if (session.subscriptions.has(channel)) return 'overtaken';
  const options = { joinLeave: false, serverSide: false, maxRate };
  const next = new Subscription(session.subscriptions, channel, rule, options);
  next.grant(identity, clientRefresh);
  session.subscriptions.add(next);
  mapLoads.set(next, load);
  return { ...step, subscription: next };
}

function endingReply(ports: MapSubscribePorts, step: Step, ending: Exclude<Ending, Step>): Answer {
  if (ending === 'live') return undefined;
  return ending === 'lost' ? loseState(ports, step) : overtaken(step.subscription);
}

/** What leads from the pages that the client has read to the present is gone. */
function loseState(ports: MapSubscribePorts, step: Step): Denied {
  if (step.load.start !== undefined) ports.mapPages.forget(step.subscription.channel);
  return giveUp(step);
}

/** Clients begin again with the state. */
function giveUp({ session, subscription }: Step): Denied {
  const current = session.subscriptions.get(subscription.channel);
  if (current !== undefined) session.subscriptions.takeBack(current);
  return refuse(errorCodes.unrecoverablePosition, unrecoverable(subscription, 'subscribe'));
}

/** Sends a page once there is room for it; a page is long, so it is encoded once. */
async function inRoom(ports: MapSubscribePorts, step: Step, page: ReplyBody): Promise<Denied | undefined> {
  const { session, id } = step;
  const message = session.encodeReply(id, page);
  const refused = await roomFor(ports, step, message);
  if (refused === undefined) session.outbox.send(message);
  return refused;
}

/** Waits until the client has read enough of what it got before: it may read many maps at the same time. */
async function roomFor(
  { limits, clock }: MapSubscribePorts,
  { session, subscription }: Step,
  message: EncodedMessage,
): Promise<Denied | undefined> {
  const numBytes = sizeOf([message]);
  if (isTooLarge(limits, numBytes)) {
    session.subscriptions.takeBack(subscription);
    return refuse(errorCodes.limitExceeded, limitReached('maxQueueBytes', limits.maxQueueBytes));
  }
  if (!session.outbox.hasRoomFor(numBytes)) await whenRoomFor(session.outbox, clock, numBytes);
  return subscription.isEnded ? overtaken(subscription) : undefined;
}
