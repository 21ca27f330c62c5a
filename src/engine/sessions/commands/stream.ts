/** `fanfare.stream`: a client opens, writes and ends a stream, or cancels that of another, as the rule of the channel says. */

import * as v from 'valibot';
import { errorCodes } from '../../../model/codes.js';
import { FanfareError } from '../../../model/fanfare-error.js';
import { parseJson } from '../../../model/json-parse.js';
import { JsonSource } from '../../../model/json-source.js';
import { type JsonText, toJsonText } from '../../../model/json-text.js';
import { type JsonPayload, payloadJson } from '../../../model/payload.js';
import type { ReplyBody } from '../../../model/reply.js';
import { type StreamAnswer, streamCallShape, streamProcedure } from '../../../model/stream-call.js';
import { acceptChange, type NewAnswerChange } from '../../channels/answer-changes.js';
import type { Answering } from '../../channels/answering.js';
import type { PublishContext, PublishGrant } from '../../channels/channel-options.js';
import { jsonBehind, withJsonBehind } from '../../channels/json-behind.js';
import { otherKind } from '../../channels/map-refusals.js';
import { decide, decideByFunction, decideByName, permissionContext } from '../../channels/permissions.js';
import { encodeMessage } from '../../channels/publishing.js';
import { emptyField } from '../../channels/refusal-lines.js';
import type { Question } from '../../channels/rule.js';
import { notItsRun, streamRefused } from '../../channels/stream-refusals.js';
import { type Decision, type Denied, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import { findTarget, type Target, type TargetPorts } from './target.js';

export interface StreamPorts extends TargetPorts {
  readonly answering: Pick<Answering, 'change'>;
  /** By session and {@link keyOf}: what it has opened, so that nobody writes to the streams of others. */
  readonly streamRuns: WeakMap<Session, Map<string, number>>;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const callSchema = v.object({
  op: v.picklist(['open', 'append', 'close', 'fail', 'renew', 'cancel']),
  channel: v.string(),
  id: v.string(),
  run: v.optional(count),
  seq: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  text: v.optional(v.string()),
  items: v.optional(v.array(v.instance(JsonSource))),
  meta: v.optional(v.instance(JsonSource)),
  result: v.optional(v.instance(JsonSource)),
});
type Call = v.InferOutput<typeof callSchema>;

/** Streams that one connection may have open. */
const maxRuns = 64;

const keyOf = ({ channel, id }: Pick<Call, 'channel' | 'id'>) => `${channel}\n${id}`;

export async function runStream(
  ports: StreamPorts,
  session: Session,
  data: JsonPayload | undefined,
): Promise<ReplyBody | Denied> {
  const call = readCall(data);
  if (call === undefined) return refuse(errorCodes.badRequest, emptyField(streamProcedure, 'data'));
  const target = findTarget(ports, call.channel);
  if (!target.ok) return target;
  const { rule, channel } = target;
  if (rule.streams === undefined) return refuse(errorCodes.notAvailable, otherKind(streamProcedure, target));
  const allowed = await permit(ports, session, target, call);
  if (!allowed.ok) return allowed;
  try {
    const change = changeOf(call);
    if (change === undefined) return refuse(errorCodes.badRequest, emptyField(streamProcedure, 'run'));
    const status = await ports.answering.change(channel, rule, await acceptChange(rule, change));
    const { run, seq, length, isCancelled: cancelled } = status;
    if (call.op === 'open') remember(ports, session, call, run);
    if (call.op === 'close' || call.op === 'fail') ports.streamRuns.get(session)?.delete(keyOf(call));
    const answer: StreamAnswer = { run, seq, length, cancelled, silenceMs: rule.streams.silenceMs };
    return { kind: 'rpc', data: toJsonText(answer) };
  } catch (error) {
    if (!(error instanceof FanfareError) || error.retryable) throw error;
    const { replyCode: code, message } = error;
    return refuse({ code, message, temporary: false }, streamRefused(call.op, target, error));
  }
}

function readCall(data: JsonPayload | undefined): Call | undefined {
  const parsed = data === undefined ? undefined : parseJson(payloadJson(data), streamCallShape);
  if (parsed?.ok !== true) return undefined;
  const call = v.safeParse(callSchema, parsed.value);
  return call.success ? call.output : undefined;
}

/** Who has opened a stream may write to it; who may open and cancel is for the rule to say. */
async function permit(ports: StreamPorts, session: Session, target: Target, call: Call): Promise<Decision> {
  const { channel, rule } = target;
  if (call.op === 'cancel') {
    const question = { action: 'cancel', channel, rule } as const;
    return decide(rule.streams?.cancel ?? 'nobody', session, question, () => permissionContext(session, question));
  }
  if (call.op === 'open') {
    const runs = ports.streamRuns.get(session);
    if (runs !== undefined && runs.size >= maxRuns && !runs.has(keyOf(call))) {
      const full = { code: 'ERR_STREAM_FULL', message: `one connection has ${maxRuns} open streams at most` } as const;
      return refuse(errorCodes.limitExceeded, streamRefused(call.op, target, full));
    }
    return permitOpen(session, { action: 'publish', channel, rule }, call.meta);
  }
  const isItsOwn = call.run !== undefined && ports.streamRuns.get(session)?.get(keyOf(call)) === call.run;
  return isItsOwn ? { ok: true } : refuse(errorCodes.permissionDenied, notItsRun(call.op, target));
}

/** The function that decides who may publish gets what the stream is opened with. */
async function permitOpen(session: Session, question: Question, meta: JsonSource | undefined): Promise<Decision> {
  const { publish } = question.rule;
  const byName = decideByName(publish, session, question);
  if (byName !== undefined || typeof publish !== 'function') return byName ?? { ok: true };
  const context: PublishContext<unknown> = { ...permissionContext(session, question), data: meta?.value };
  withJsonBehind(context, { ...session[jsonBehind], data: meta });
  const verdict = await decideByFunction<PublishContext<unknown>, PublishGrant>(publish, context, question);
  return verdict.ok ? { ok: true } : verdict;
}

/** `undefined`: something is missing. */
function changeOf({ op, id, run: given, seq, text, items, meta, result }: Call): NewAnswerChange | undefined {
  const run = given ?? 0;
  switch (op) {
    case 'open':
      return { kind: 'open', id, meta: textOf(meta), run: given };
    case 'append':
      if (text !== undefined) return { kind: 'append', id, run, seq, added: { text } };
      return items && { kind: 'append', id, run, seq, added: { items: items.map((item) => encodeMessage(item)) } };
    case 'close':
      return { kind: 'end', id, run, seq, state: 'closed', result: textOf(result) };
    case 'fail':
      return { kind: 'end', id, run, seq, state: 'failed', result: textOf(result) };
    case 'renew':
    case 'cancel':
      return op === 'renew' ? { kind: 'renew', id, run } : { kind: 'cancel', id };
  }
}

function textOf(source: JsonSource | undefined): JsonText | undefined {
  return source && encodeMessage(source);
}

function remember({ streamRuns }: StreamPorts, session: Session, call: Call, run: number): void {
  const runs = streamRuns.get(session) ?? new Map<string, number>();
  streamRuns.set(session, runs.set(keyOf(call), run));
}
