/**
 * Encodes replies and pushes of Centrifugal protocol v2 in JSON. Concatenates text, because payloads are already JSON
 * text and must not be parsed again. Zero values are left out except where the protocol says otherwise.
 */

import { assertNever } from '../../model/assert-never.js';
import type { ErrorReply } from '../../model/codes.js';
import { connectFlags } from '../../model/command.js';
import type { DictionaryOffer } from '../../model/dictionary.js';
import { isBytes, type JsonPayload, payloadJson, payloadText } from '../../model/payload.js';
import type { Position } from '../../model/position.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { DeltaData, PublicationPush, Push, SubscribePush, TrafficPush } from '../../model/push.js';
import type { ConnectResult, HistoryResult, MapResult, ReplyBody, SubscribeResult } from '../../model/reply.js';

/** `fragment` is a list of `"key":value` texts; undefined and empty ones are dropped. */
function object(...fragments: (string | undefined)[]): string {
  let members = '';
  for (const fragment of fragments) if (fragment) members += members === '' ? fragment : `,${fragment}`;
  return `{${members}}`;
}

function quoted(key: string, value: string): string | undefined {
  return value === '' ? undefined : `"${key}":${JSON.stringify(value)}`;
}

function raw(key: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `"${key}":${value}`;
}

function payload(data: JsonPayload | undefined): string | undefined {
  return data && `"data":${payloadJson(data)}`;
}

function number(key: string, value: number | undefined): string | undefined {
  return value === undefined || value === 0 ? undefined : `"${key}":${value}`;
}

function flag(key: string, value: boolean): string | undefined {
  return value ? `"${key}":true` : undefined;
}

function expiry(ttlSec: number | undefined): string | undefined {
  return ttlSec === undefined ? undefined : `"expires":true,"ttl":${ttlSec}`;
}

/** User and client are always present, even if empty, so that clients recognise an anonymous member. */
export function clientInfoText(info: ClientInfo): string {
  return object(
    `"user":${JSON.stringify(info.user)}`,
    `"client":${JSON.stringify(info.client)}`,
    raw('conn_info', info.connInfo),
    raw('chan_info', info.chanInfo),
  );
}

/** Of the protocol, or of the HTTP API, whose callers read it without knowing the rule. */
type KeyOfBytes = 'data' | 'b64data';

/**
 * A publication in pushes, history and recovery. Concatenated in place: a page of a history has a thousand of them.
 *
 * @param keyOfBytes under which bytes are, in base64
 */
export function publicationText(publication: Publication, delta?: DeltaData, keyOfBytes: KeyOfBytes = 'data'): string {
  const { data, info, offset, tags, key } = publication;
  if (key !== undefined) return changeText(publication, key);
  let members = isBytes(data)
    ? `"${keyOfBytes}":${payloadText(data)}`
    : `"data":${delta === undefined ? payloadJson(data) : deltaText(data, delta)}`;
  if (info !== undefined) members += `,"info":${clientInfoText(info)}`;
  if (offset > 0) members += `,"offset":${offset}`;
  if (tags !== undefined) members += `,"tags":${JSON.stringify(tags)}`;
  if (delta !== undefined && delta !== 'whole') members += ',"delta":true';
  return `{${members}}`;
}

/** For subscribers with deltas data is a string, also whole data: JSON text in JSON text. */
function deltaText(data: JsonPayload, delta: DeltaData): string {
  const text =
    delta === 'whole' ? payloadJson(data) : Buffer.from(delta.buffer, delta.byteOffset, delta.length).toString();
  return JSON.stringify(text);
}

/** An entry of a map, or a change of it. A removal has no data. */
function changeText({ data, info, offset, tags, removed }: Publication, key: string): string {
  // A page of a state has a thousand of these.
  if (info === undefined && tags === undefined && removed === undefined && offset > 0) {
    return `{"data":${payloadText(data)},"offset":${offset},"key":${JSON.stringify(key)}}`;
  }
  return object(
    removed ? undefined : `"data":${payloadText(data)}`,
    info && `"info":${clientInfoText(info)}`,
    number('offset', offset),
    tags && `"tags":${JSON.stringify(tags)}`,
    `"key":${JSON.stringify(key)}`,
    removed && '"removed":true',
  );
}

/** The entries of a page of a map's state. Flat, since it is kept. */
function stateText(entries: readonly Publication[]): string {
  // A join makes one text; what is concatenated is a tree of them, which would be read anew for each newcomer.
  return ['"state":[', entries.map((entry) => publicationText(entry)).join(','), ']'].join('');
}

/** `phase` is left out at 0, as the official server does. Only concatenated: the state is long, and each copy of it costs. */
function mapFields({ phase, cursor, state }: MapResult): string {
  let members = '"type":1';
  if (phase !== 0) members += `,"phase":${phase}`;
  if (cursor !== 0) members += `,"cursor":"${cursor}"`;
  if (state !== undefined && state.entries.length > 0) members += `,${state.encodedBy(stateText)}`;
  return members;
}

/** Concatenation takes three quarters of the time of an array's `join`. */
function publicationList(publications: readonly Publication[], delta?: DeltaData, keyOfBytes?: KeyOfBytes): string {
  let texts = '';
  for (const publication of publications) {
    texts += `${texts === '' ? '' : ','}${publicationText(publication, delta, keyOfBytes)}`;
  }
  return `"publications":[${texts}]`;
}

function connectResult(result: ConnectResult): string {
  const subs = [...result.subs].map(([channel, sub]) => `${JSON.stringify(channel)}:${subscribeResult(sub)}`);
  return object(
    quoted('client', result.client),
    quoted('version', result.version),
    expiry(result.ttlSec),
    payload(result.data),
    subs.length > 0 ? `"subs":{${subs.join(',')}}` : undefined,
    number('ping', result.pingIntervalSec),
    flag('pong', result.pong),
    quoted('session', result.session),
    quoted('node', result.node),
    result.dictionary && `"flag":${connectFlags.dictionary},"dict":${dictionary(result.dictionary)}`,
  );
}

function dictionary({ id, deflated }: DictionaryOffer): string {
  const data = deflated && Buffer.from(deflated.buffer, deflated.byteOffset, deflated.length).toString('base64');
  return object(quoted('id', id), data && quoted('data_b64', data));
}

function subscribeResult(result: SubscribeResult): string {
  return object(
    expiry(result.ttlSec),
    flag('recoverable', result.recoverable),
    quoted('epoch', result.epoch),
    result.publications.length > 0
      ? publicationList(result.publications, result.delta ? 'whole' : undefined)
      : undefined,
    flag('recovered', result.recovered),
    number('offset', result.offset),
    flag('positioned', result.positioned),
    payload(result.data),
    flag('was_recovering', result.wasRecovering),
    flag('delta', result.delta === true),
    number('id', result.channelId),
    result.map && mapFields(result.map),
    number('max_rate', result.maxRate),
  );
}

/** All three are always present, so that position 0 is a position. */
export function historyText(result: HistoryResult, keyOfBytes?: KeyOfBytes): string {
  const { publications, epoch, offset } = result;
  return `{${publicationList(publications, undefined, keyOfBytes)},"epoch":${JSON.stringify(epoch)},"offset":${offset}}`;
}

function errorText(error: ErrorReply): string {
  return object(
    `"code":${error.code}`,
    `"message":${JSON.stringify(error.message)}`,
    flag('temporary', error.temporary),
  );
}

function publishResult(position: Position | undefined): string {
  return position === undefined ? '{}' : object(number('offset', position.offset), quoted('epoch', position.epoch));
}

/** `"method":{…}`, the part of a reply after its id. */
function replyBody(body: ReplyBody): string {
  switch (body.kind) {
    case 'error':
      return `"error":${errorText(body.error)}`;
    case 'connect':
      return `"connect":${connectResult(body.result)}`;
    case 'subscribe':
      return `"subscribe":${subscribeResult(body.result)}`;
    case 'publish':
      return `"publish":${publishResult(body.position)}`;
    case 'unsubscribe':
    case 'ping':
      return `"${body.kind}":{}`;
    case 'presence': {
      const clients = body.clients.map((info) => `${JSON.stringify(info.client)}:${clientInfoText(info)}`);
      return `"presence":{"presence":{${clients.join(',')}}}`;
    }
    case 'presenceStats':
      return `"presence_stats":{"num_clients":${body.numClients},"num_users":${body.numUsers}}`;
    case 'history':
      return `"history":${historyText(body.result)}`;
    case 'rpc':
      return `"rpc":${object(payload(body.data))}`;
    case 'refresh':
      return `"refresh":${object(quoted('client', body.client), quoted('version', body.version), expiry(body.ttlSec))}`;
    case 'subRefresh':
      return `"sub_refresh":${object(expiry(body.ttlSec))}`;
    default:
      return assertNever(body);
  }
}

function subscribePush(push: SubscribePush): string {
  return object(
    flag('recoverable', push.recoverable),
    quoted('epoch', push.epoch),
    number('offset', push.offset),
    flag('positioned', push.positioned),
    payload(push.data),
  );
}

function channelText({ channel, channelId }: PublicationPush | TrafficPush): string {
  return channelId === undefined ? `"channel":${JSON.stringify(channel)}` : `"id":${channelId}`;
}

/** One push without its `{"push":…}` wrapping. */
function pushText(push: Push): string {
  switch (push.kind) {
    case 'publication':
      return `{${channelText(push)},"pub":${publicationText(push.publication, push.delta)}}`;
    case 'join':
    case 'leave':
      return `{${channelText(push)},"${push.kind}":{"info":${clientInfoText(push.info)}}}`;
    case 'unsubscribe':
      return `{"channel":${JSON.stringify(push.channel)},"unsubscribe":${JSON.stringify(push.unsubscribe)}}`;
    case 'subscribe':
      return `{"channel":${JSON.stringify(push.channel)},"subscribe":${subscribePush(push.subscribe)}}`;
    case 'message':
      return `{"message":${object(payload(push.data))}}`;
    case 'refresh':
      return `{"refresh":${object(expiry(push.ttlSec))}}`;
    case 'disconnect':
      return `{"disconnect":${JSON.stringify(push.disconnect)}}`;
    default:
      return assertNever(push);
  }
}

/** The reply to the command with this id. */
export function encodeJsonReply(id: number, body: ReplyBody): string {
  return `{"id":${id},${replyBody(body)}}`;
}

/** One push, as a two-way connection carries it. */
export function encodeJsonPush(push: Push): string {
  return `{"push":${pushText(push)}}`;
}
