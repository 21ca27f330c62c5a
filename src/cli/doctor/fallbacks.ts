/** The transports for where WebSocket cannot pass: streams have to begin and go on at once, and commands have to find them. */

import { type Fields, isFields } from '../../model/fields.js';
import { parsed } from './conversation.js';
import type { Findings, Station } from './finding.js';
import { answererOf, ask, causeOf, isOfFanfare, open, type Response } from './request.js';
import type { Target } from './target.js';

/** A command that changes nothing, which every server answers. */
const harmlessCommand = '{"id":2,"unsubscribe":{"channel":"fanfare-doctor"}}';
/** Over long distances too, what is not held back takes less. */
const lateMs = 1_000;
/** Nodes that know nothing of each other answer in turn. */
const commandAttempts = 3;

/** A stream that was accepted. */
interface Opened {
  readonly response: Response;
  readonly session: string;
  readonly node: string;
}

function connectCommand(token: string | undefined): string {
  return JSON.stringify({ id: 1, connect: { name: 'fanfare-doctor', ...(token !== undefined && { token }) } });
}

const messagesOf = ({ text }: Response): Fields[] =>
  text.split('\n').flatMap((line) => {
    const message = parsed(line.replace(/^ ?(?:data: )?/, ''));
    return message === undefined ? [] : [message];
  });

/** Opens a stream, sends a command to it, and looks when its reply comes. @returns the node, if it has one */
export async function examineStream(
  target: Target,
  station: 'http streaming' | 'server-sent events',
  token: string | undefined,
  findings: Findings,
): Promise<string | undefined> {
  const opened = await openStream(target, station, token, findings);
  if (opened === undefined) return undefined;
  const { response, node } = opened;
  const stripped = /no-transform/.test(response.headers['cache-control'] ?? '')
    ? ''
    : '; something has taken Cache-Control: no-transform away';
  const packed = response.headers['content-encoding'];
  const sentMs = performance.now();
  if (packed !== undefined)
    findings.fault(
      station,
      'buffering',
      `${answererOf(response)} compresses the stream (${packed}), which holds messages back`,
    );
  else if (await commandArrives(target, opened, station, findings)) {
    const replied = await response.until(() => messagesOf(response).some(({ id }) => id === 2), target.timeoutMs);
    const tookMs = Math.round(performance.now() - sentMs);
    if (!replied && response.isOver) findings.fault(station, 'idle-timeout', 'the stream was cut after its beginning');
    else if (!replied)
      findings.fault(
        station,
        'buffering',
        `the stream begins, and what follows is held back (nothing within ${target.timeoutMs} ms${stripped})`,
      );
    else if (tookMs > lateMs)
      findings.warning(station, 'buffering', `the reply in the stream took ${tookMs} ms${stripped}`);
    else findings.well(station, `messages come at once (${tookMs} ms)${stripped}`);
  }
  response.close();
  return node;
}

/** `undefined` when it was refused, or has not begun; the finding says why. */
export async function openStream(
  target: Target,
  station: 'http streaming' | 'server-sent events',
  token: string | undefined,
  findings: Findings,
): Promise<Opened | undefined> {
  const url = station === 'http streaming' ? target.endpoints.http_stream : target.endpoints.sse;
  const held = `the stream does not begin within ${target.timeoutMs} ms, while other requests are answered: something holds it back`;
  let response: Response;
  try {
    // A POST for both: the token does not belong into a URL.
    response = await open(target, url, { method: 'POST', body: connectCommand(token) });
  } catch (error) {
    const cause = causeOf(error);
    if (cause === 'ETIMEDOUT') findings.fault(station, 'buffering', held);
    else findings.fault(station, 'stream-blocked', `the request for the stream is cut off (${cause})`);
    return undefined;
  }
  if (response.status !== 200) {
    await refusedStream(response, station, target, findings);
    response.close();
    return undefined;
  }
  const replyOf = () =>
    messagesOf(response)
      .map(({ connect }) => connect)
      .find(isFields);
  await response.until(
    () =>
      replyOf() !== undefined ||
      messagesOf(response).some(({ push, error }) => push !== undefined || error !== undefined),
    target.timeoutMs,
  );
  const reply = replyOf();
  if (reply !== undefined) return { response, session: String(reply.session), node: String(reply.node) };
  const [refusal] = messagesOf(response);
  if (refusal !== undefined)
    findings.leftOut(station, `it works; the server refuses the client as over WebSocket: ${JSON.stringify(refusal)}`);
  else if (response.headers['content-encoding'] !== undefined)
    findings.fault(
      station,
      'buffering',
      `${answererOf(response)} compresses the stream (${response.headers['content-encoding']}) and holds it back`,
    );
  else findings.fault(station, 'buffering', held);
  response.close();
  return undefined;
}

async function refusedStream(response: Response, station: Station, target: Target, findings: Findings): Promise<void> {
  await response.until(() => false, target.timeoutMs);
  const { status, text } = response;
  if (isOfFanfare(response)) {
    if (status === 404)
      findings.leftOut(
        station,
        `it is switched off (${station === 'server-sent events' ? 'transports.sse' : 'transports.httpStream'})`,
      );
    else if (status === 503 && text.startsWith('shutting down'))
      findings.fault(station, 'draining', 'the node is draining: it takes no new clients (503)');
    else if (status === 503) findings.fault(station, 'full', `the node takes no more clients: ${text.trim()} (503)`);
    else
      findings.fault(station, status === 403 ? 'origin' : 'refused', `Fanfare refuses it: ${text.trim()} (${status})`);
  } else findings.fault(station, 'stream-blocked', `${answererOf(response)} answers with ${status}, and not Fanfare`);
}

/** If the server wants that; otherwise it would end the stream. */
export async function answerPing(target: Target, { response, session, node }: Opened): Promise<void> {
  const wantsPongs = messagesOf(response).some(({ connect }) => isFields(connect) && connect.pong === true);
  if (!wantsPongs) return;
  const body = JSON.stringify({ session, node, data: '{}' });
  // One that does not arrive shows by the end of the stream.
  await ask(target, target.endpoints.emulation, { method: 'POST', body }).catch(causeOf);
}

async function commandArrives(
  target: Target,
  { session, node }: Opened,
  station: Station,
  findings: Findings,
): Promise<boolean> {
  const body = JSON.stringify({ session, node, data: harmlessCommand });
  const seen: string[] = [];
  for (let attempt = 1; attempt <= commandAttempts; attempt++) {
    const answer = await ask(target, target.endpoints.emulation, { method: 'POST', body }).catch(causeOf);
    const status = typeof answer === 'string' ? answer : `${answer.status}`;
    seen.push(status);
    if (typeof answer === 'string' || !isOfFanfare(answer) || answer.status !== 404) {
      if (status === '204') {
        if (seen.length > 1) break;
        return true;
      }
      const who = typeof answer === 'string' ? 'nobody' : isOfFanfare(answer) ? 'Fanfare' : answererOf(answer);
      findings.fault(
        station,
        'commands-blocked',
        `commands to ${new URL(target.endpoints.emulation).pathname} do not arrive: ${status} of ${who}`,
      );
      return false;
    }
  }
  findings.fault(
    'nodes',
    'nodes-apart',
    `a request came to another node, which does not know the session's (${seen.join(', ')}): the nodes have no broker in common`,
  );
  return false;
}

/** Opens, sends a command, and fetches its reply. @returns the node */
export async function examinePolling(
  target: Target,
  token: string | undefined,
  findings: Findings,
): Promise<string | undefined> {
  const post = (body: object) =>
    ask(target, target.endpoints.long_polling, { method: 'POST', body: JSON.stringify(body) });
  const station = 'long polling';
  try {
    // A load balancer that goes round two nodes would come to the same one each time.
    await ask(target, target.endpoints.websocket.replace(/^ws/, 'http'));
    const opening = await post({ data: connectCommand(token) });
    if (opening.status !== 200) {
      if (isOfFanfare(opening)) await refusedPolling(opening, findings);
      else
        findings.fault(
          station,
          'polling-blocked',
          `${answererOf(opening)} answers with ${opening.status}, and not Fanfare`,
        );
      return undefined;
    }
    const messages = messagesOf(opening);
    const { session, node, seq } = messages.at(-1) ?? {};
    if (!messages.some(({ connect }) => connect !== undefined)) {
      findings.leftOut(
        station,
        `it works; the server refuses the client as over WebSocket: ${JSON.stringify(messages[0])}`,
      );
      return undefined;
    }
    const sent = await post({ session, node, id: 1, data: harmlessCommand });
    if (sent.status === 404 && isOfFanfare(sent)) {
      findings.fault(
        'nodes',
        'nodes-apart',
        'a poll came to another node, which does not know the session: the nodes have no broker in common',
      );
    } else if (sent.status !== 204) findings.fault(station, 'polling-blocked', `a command gets ${sent.status}`);
    else {
      const batch = await post({ session, node, ack: seq });
      if (messagesOf(batch).some(({ id }) => id === 2)) findings.well(station, 'requests and answers pass');
      else findings.fault(station, 'polling-blocked', `a poll gets ${batch.status} and no reply`);
    }
    await post({ session, node, close: true });
    return String(node);
  } catch (error) {
    findings.fault(station, 'polling-blocked', `a request is not answered (${causeOf(error)})`);
    return undefined;
  }
}

async function refusedPolling({ status, text }: Response, findings: Findings): Promise<void> {
  const station = 'long polling';
  if (status === 404) findings.leftOut(station, 'it is switched off (transports.longPolling)');
  else if (status === 503 && text.startsWith('shutting down'))
    findings.fault(station, 'draining', 'the node is draining: it takes no new clients (503)');
  else findings.fault(station, status === 403 ? 'origin' : 'refused', `Fanfare refuses it: ${text.trim()} (${status})`);
}
