/**
 * Encodes replies and pushes of Centrifugal protocol v2 in protobuf, each behind its length, so that messages of a frame
 * only have to be put together. Payloads are bytes as they are, or the UTF-8 of their JSON text. Numbers of fields are those of client.proto
 * in centrifugal/protocol.
 */

import { assertNever } from '../../model/assert-never.js';
import type { Disconnect, Unsubscribe } from '../../model/codes.js';
import { connectFlags } from '../../model/command.js';
import { isBytes, type Payload, payloadJson } from '../../model/payload.js';
import type { ClientInfo, Publication } from '../../model/publication.js';
import type { DeltaData, Push, SubscribePush } from '../../model/push.js';
import type { ConnectResult, HistoryResult, MapResult, ReplyBody, SubscribeResult } from '../../model/reply.js';
import { ProtobufWriter } from './protobuf-writer.js';

/** The field of a reply that has its body. */
const replyFields: Readonly<Record<ReplyBody['kind'], number>> = {
  error: 2,
  connect: 5,
  subscribe: 6,
  unsubscribe: 7,
  publish: 8,
  presence: 9,
  presenceStats: 10,
  history: 11,
  ping: 12,
  rpc: 13,
  refresh: 14,
  subRefresh: 15,
};

/** A push is the body of a reply without an id. */
const pushField = 4;

/** The field of a push that has its body. */
const pushFields: Readonly<Record<Push['kind'], number>> = {
  publication: 4,
  join: 5,
  leave: 6,
  unsubscribe: 7,
  message: 8,
  subscribe: 9,
  disconnect: 11,
  refresh: 12,
};

/** The reply to the command with this id. */
export function encodeProtobufReply(id: number, body: ReplyBody): Uint8Array {
  const writer = new ProtobufWriter();
  const reply = writer.begin();
  writer.uint(1, id);
  const place = writer.open(replyFields[body.kind]);
  writeReplyBody(writer, body);
  writer.close(place);
  writer.close(reply);
  return writer.finish();
}

export function encodeProtobufPush(push: Push): Uint8Array {
  const writer = new ProtobufWriter();
  const reply = writer.begin();
  const whole = writer.open(pushField);
  if ('channelId' in push) writer.uint(1, push.channelId);
  else if ('channel' in push) writer.text(2, push.channel);
  const place = writer.open(pushFields[push.kind]);
  writePushBody(writer, push);
  writer.close(place);
  writer.close(whole);
  writer.close(reply);
  return writer.finish();
}

function writeReplyBody(writer: ProtobufWriter, body: ReplyBody): void {
  switch (body.kind) {
    case 'error':
      writer.uint(1, body.error.code);
      writer.text(2, body.error.message);
      writer.flag(3, body.error.temporary);
      break;
    case 'connect':
      writeConnectResult(writer, body.result);
      break;
    case 'subscribe':
      writeSubscribeResult(writer, body.result);
      break;
    case 'publish':
      if (body.position === undefined) break;
      writer.uint(1, body.position.offset);
      writer.text(2, body.position.epoch);
      break;
    case 'unsubscribe':
    case 'ping':
      break;
    case 'presence':
      for (const info of body.clients) writeMember(writer, info);
      break;
    case 'presenceStats':
      writer.uint(1, body.numClients);
      writer.uint(2, body.numUsers);
      break;
    case 'history':
      writeHistoryResult(writer, body.result);
      break;
    case 'rpc':
      writePayload(writer, 1, body.data);
      break;
    case 'refresh':
      writer.text(1, body.client);
      writer.text(2, body.version);
      writeExpiry(writer, 3, body.ttlSec);
      break;
    case 'subRefresh':
      writeExpiry(writer, 1, body.ttlSec);
      break;
    default:
      assertNever(body);
  }
}

function writePushBody(writer: ProtobufWriter, push: Push): void {
  switch (push.kind) {
    case 'publication':
      writePublication(writer, push.publication, push.delta);
      break;
    case 'join':
    case 'leave':
      writeClientInfo(writer, 1, push.info);
      break;
    case 'unsubscribe':
      writeReason(writer, 2, push.unsubscribe);
      break;
    case 'subscribe':
      writeSubscribePush(writer, push.subscribe);
      break;
    case 'message':
      writePayload(writer, 1, push.data);
      break;
    case 'refresh':
      writeExpiry(writer, 1, push.ttlSec);
      break;
    case 'disconnect':
      writeReason(writer, 1, push.disconnect);
      break;
    default:
      assertNever(push);
  }
}

function writeConnectResult(writer: ProtobufWriter, result: ConnectResult): void {
  writer.text(1, result.client);
  writer.text(2, result.version);
  writeExpiry(writer, 3, result.ttlSec);
  writePayload(writer, 5, result.data);
  for (const [channel, sub] of result.subs) {
    const entry = writer.open(6);
    writer.text(1, channel);
    const place = writer.open(2);
    writeSubscribeResult(writer, sub);
    writer.close(place);
    writer.close(entry);
  }
  writer.uint(7, result.pingIntervalSec);
  writer.flag(8, result.pong);
  writer.text(9, result.session);
  writer.text(10, result.node);
  const { dictionary } = result;
  if (dictionary === undefined) return;
  writer.uint(12, connectFlags.dictionary);
  const place = writer.open(13);
  writer.text(1, dictionary.id);
  if (dictionary.deflated !== undefined) writer.bytes(2, dictionary.deflated);
  writer.close(place);
}

/** Not in client.proto: far from the numbers that may be given there, and skipped by clients that do not know it. */
const maxRateField = 1_000;

function writeSubscribeResult(writer: ProtobufWriter, result: SubscribeResult): void {
  writeExpiry(writer, 1, result.ttlSec);
  writer.flag(3, result.recoverable);
  writer.text(6, result.epoch);
  writePublications(writer, 7, result.publications);
  writer.flag(8, result.recovered);
  writer.uint(9, result.offset);
  writer.flag(10, result.positioned);
  writePayload(writer, 11, result.data);
  writer.flag(12, result.wasRecovering);
  writer.flag(13, result.delta === true);
  writer.uint(14, result.channelId ?? 0);
  if (result.map !== undefined) writeMapResult(writer, result.map);
  writer.double(maxRateField, result.maxRate ?? 0);
}

function writeMapResult(writer: ProtobufWriter, { phase, cursor, state }: MapResult): void {
  writer.uint(15, 1);
  writer.uint(16, phase);
  writer.text(17, cursor === 0 ? '' : String(cursor));
  if (state !== undefined) writer.fields(state.encodedBy(stateBytes));
}

/** The entries of a page of a map's state, each with its field. */
function stateBytes(entries: readonly Publication[]): Uint8Array {
  const writer = new ProtobufWriter();
  writePublications(writer, 18, entries);
  // Copied, since the buffer may be twice as long, and the page is kept.
  return new Uint8Array(writer.finish());
}

function writeHistoryResult(writer: ProtobufWriter, result: HistoryResult): void {
  writePublications(writer, 1, result.publications);
  writer.text(2, result.epoch);
  writer.uint(3, result.offset);
}

function writeSubscribePush(writer: ProtobufWriter, push: SubscribePush): void {
  writer.flag(1, push.recoverable);
  writer.text(4, push.epoch);
  writer.uint(5, push.offset);
  writer.flag(6, push.positioned);
  writePayload(writer, 7, push.data);
}

function writePublications(writer: ProtobufWriter, field: number, publications: readonly Publication[]): void {
  for (const publication of publications) {
    const place = writer.open(field);
    writePublication(writer, publication);
    writer.close(place);
  }
}

function writePublication(writer: ProtobufWriter, publication: Publication, delta?: DeltaData): void {
  const { data, info, offset, tags, key, removed } = publication;
  const isDifference = delta !== undefined && delta !== 'whole';
  if (isDifference) writer.bytes(4, delta);
  else if (removed === undefined) writePayload(writer, 4, data);
  if (info !== undefined) writeClientInfo(writer, 5, info);
  writer.uint(6, offset);
  for (const [name, value] of Object.entries(tags ?? noTags)) {
    const entry = writer.open(7);
    writer.text(1, name);
    writer.text(2, value);
    writer.close(entry);
  }
  writer.flag(8, isDifference);
  if (key === undefined) return;
  writer.text(11, key);
  writer.flag(12, removed === true);
}

const noTags: Readonly<Record<string, string>> = {};

/** An entry of the map of those who are present, by client id. */
function writeMember(writer: ProtobufWriter, info: ClientInfo): void {
  const entry = writer.open(1);
  writer.text(1, info.client);
  writeClientInfo(writer, 2, info);
  writer.close(entry);
}

function writeClientInfo(writer: ProtobufWriter, field: number, info: ClientInfo): void {
  const place = writer.open(field);
  writer.text(1, info.user);
  writer.text(2, info.client);
  writer.text(3, info.connInfo ?? '');
  writer.text(4, info.chanInfo ?? '');
  writer.close(place);
}

/** Two fields: whether something expires, and in how many seconds. */
function writeExpiry(writer: ProtobufWriter, field: number, ttlSec: number | undefined): void {
  if (ttlSec === undefined) return;
  writer.flag(field, true);
  writer.uint(field + 1, ttlSec);
}

/** Two fields: a code and its reason. */
function writeReason(writer: ProtobufWriter, field: number, { code, reason }: Disconnect | Unsubscribe): void {
  writer.uint(field, code);
  writer.text(field + 1, reason);
}

function writePayload(writer: ProtobufWriter, field: number, payload: Payload | undefined): void {
  if (payload === undefined) return;
  if (isBytes(payload)) writer.bytes(field, payload);
  else writer.text(field, payloadJson(payload));
}
