/** What a client does once its WebSocket is open: connect with its token, subscribe, publish, come back and recover. */

import { errorCodes } from '../../model/codes.js';
import { type Fields, isFields } from '../../model/fields.js';
import { Conversation, type Reply } from './conversation.js';
import { type Credentials, noteIssue } from './credentials.js';
import type { Findings, Station, TellFault } from './finding.js';
import type { Target } from './target.js';

export interface SessionWishes {
  readonly credentials: Credentials;
  readonly channel: string | undefined;
  /** Published to the channel. */
  readonly data: { readonly value: unknown } | undefined;
  readonly clockAheadMs: number;
}

interface Position {
  readonly offset: number;
  readonly epoch: string;
}

/** Whether the connection was accepted; it is left open. */
export async function examineToken(talk: Conversation, wishes: SessionWishes, findings: Findings): Promise<boolean> {
  const { credentials, clockAheadMs } = wishes;
  const token = await credentials.token();
  const reply = await connect(talk, token);
  if (reply.kind !== 'reply') {
    await credentials.explain(reply, clockAheadMs, findings);
    return false;
  }
  findings.well('token', token === undefined ? 'accepted without a token' : 'the token is accepted');
  if (token !== undefined) noteIssue(token, clockAheadMs, findings);
  return true;
}

function connect(talk: Conversation, token: string | undefined): Promise<Reply> {
  return talk.send({ connect: { name: 'fanfare-doctor', ...(token !== undefined && { token }) } });
}

/** Subscribes, publishes if that is wished, and recovers over a second connection. */
export async function examineChannel(
  talk: Conversation,
  target: Target,
  wishes: SessionWishes,
  findings: Findings,
): Promise<void> {
  const { channel } = wishes;
  if (channel === undefined) {
    findings.leftOut('subscribe', '--channel tries one, with its recovery');
    return;
  }
  const reply = await subscribe(talk, channel, wishes);
  if (reply.kind !== 'reply') return explainRefusal('subscribe', channel, reply, findings);
  findings.well('subscribe', `subscribed to ${channel}`);
  const position = positionOf(reply.fields);
  if (wishes.data !== undefined && !(await publishes(talk, channel, wishes.data.value, findings))) return;
  if (wishes.data === undefined) findings.leftOut('publish', `--publish sends a message to ${channel}`);
  if (position === undefined)
    findings.leftOut('recovery', `the rule of ${channel} keeps no history: whoever is away misses what is published`);
  else await examineRecovery(target, channel, position, wishes, findings);
}

async function subscribe(
  talk: Conversation,
  channel: string,
  { credentials }: SessionWishes,
  since?: Position,
): Promise<Reply> {
  const token = await credentials.subscriptionToken(channel);
  return talk.send({
    subscribe: {
      channel,
      ...(token !== undefined && { token }),
      ...(since !== undefined && { recover: true, ...since }),
    },
  });
}

function positionOf({ subscribe: answer }: Fields): Position | undefined {
  if (!isFields(answer) || answer.recoverable !== true) return undefined;
  return { offset: Number(answer.offset ?? 0), epoch: String(answer.epoch ?? '') };
}

function explainRefusal(
  station: Station,
  channel: string,
  reply: Exclude<Reply, { kind: 'reply' }>,
  findings: Findings,
): void {
  const fault = findings.fault.bind(findings, station);
  switch (reply.kind) {
    case 'silence':
      fault('refused', `no reply for ${channel} in time`);
      break;
    case 'closed':
      fault('refused', `the connection ends: ${reply.reason} (${reply.code})`);
      break;
    case 'error':
      explainError(reply.code, `${reply.message} (${reply.code})`, channel, fault);
  }
}

function explainError(code: number, said: string, channel: string, fault: TellFault): void {
  if (code === errorCodes.unknownChannel.code) fault('channel', `no rule matches ${channel}: ${said}`);
  else if (code === errorCodes.permissionDenied.code)
    fault('permission', `the rule of ${channel} does not allow it to this client: ${said}`);
  else fault('refused', `${channel} is refused: ${said}`);
}

/** Whether it was accepted, and came back to the subscriber. */
async function publishes(talk: Conversation, channel: string, data: unknown, findings: Findings): Promise<boolean> {
  const startedMs = performance.now();
  const mark = JSON.stringify(data);
  const arrival = talk.next(
    ({ push }) =>
      isFields(push) && push.channel === channel && isFields(push.pub) && JSON.stringify(push.pub.data) === mark,
    5_000,
  );
  const reply = await talk.send({ publish: { channel, data } });
  if (reply.kind !== 'reply') {
    explainRefusal('publish', channel, reply, findings);
    return false;
  }
  if ((await arrival) === undefined)
    findings.fault('publish', 'not-delivered', `the message to ${channel} was accepted, and has not come back`);
  else
    findings.well('publish', `a message to ${channel} came back after ${Math.round(performance.now() - startedMs)} ms`);
  return true;
}

async function examineRecovery(
  target: Target,
  channel: string,
  position: Position,
  wishes: SessionWishes,
  findings: Findings,
): Promise<void> {
  const again = await Conversation.open(target, target.origin);
  if (!(again instanceof Conversation))
    return findings.fault('recovery', 'refused', `no second connection (${again.status || again.text})`);
  const connected = await connect(again, await wishes.credentials.token());
  const reply = connected.kind === 'reply' ? await subscribe(again, channel, wishes, position) : connected;
  again.terminate();
  if (reply.kind !== 'reply') return explainRefusal('recovery', channel, reply, findings);
  const { subscribe: answer } = reply.fields;
  if (isFields(answer) && answer.recovered === true) {
    const count = Array.isArray(answer.publications) ? answer.publications.length : 0;
    findings.well('recovery', `who comes back goes on where it was (${count} missed and recovered)`);
  } else
    findings.fault(
      'recovery',
      'not-recovered',
      `who comes back to ${channel} has missed something that is not kept, or another node keeps another history`,
    );
}
