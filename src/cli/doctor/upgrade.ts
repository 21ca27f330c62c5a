/** The WebSocket handshake: 101, or an explanation of what came instead, and whether pages get one too. */

import { Conversation, type Refused } from './conversation.js';
import type { Findings, TellFault } from './finding.js';
import { ask, isOfFanfare } from './request.js';
import { ownOrigin, type Target } from './target.js';

const usualPath = '/connection/websocket';

/** As a program, without an origin; `undefined` when there is no WebSocket. */
export async function examineUpgrade(target: Target, findings: Findings): Promise<Conversation | undefined> {
  const outcome = await Conversation.open(target, undefined);
  if (outcome instanceof Conversation) {
    findings.well('websocket', `101 at ${pathOf(target)}`);
    return outcome;
  }
  await explain(outcome, target, findings);
  return undefined;
}

async function explain(refused: Refused, target: Target, findings: Findings): Promise<void> {
  const { status, text, answerer, location } = refused;
  const fault = findings.fault.bind(findings, 'websocket');
  if (status >= 300 && status < 400) fault('redirect', `${pathOf(target)} is sent on to ${location} (${status})`);
  else if (status === 404) fault('wrong-path', await wrongPath(refused, target));
  else if (status === 429) fault('limited', `${answerer} limits connects (429)`);
  else if (refused.isOfFanfare) explainOfFanfare(refused, fault);
  else if (status === 502 || status === 504) fault('no-server', `${answerer} does not reach Fanfare (${status})`);
  else if (status === 503) fault('no-server', `${answerer} has no server that takes clients (503)`);
  else if (status === 0) {
    const works = await speaksWebSocket(target, pathOf(target));
    if (works)
      fault(
        'blocked-websocket',
        `the upgrade is cut off (${text}), while a plain request to the same path is answered`,
      );
    else fault('blocked-websocket', `the upgrade gets no answer (${text})`);
  } else if (status === 200) fault('wrong-path', await wrongPath(refused, target));
  else fault('blocked-websocket', `${answerer} answers the upgrade with ${status}, and not Fanfare`);
}

function explainOfFanfare({ status, text }: Refused, fault: TellFault): void {
  if (status === 503 && text.startsWith('shutting down'))
    fault('draining', 'the node is draining: it takes no new clients (503)');
  else if (status === 503) fault('full', `the node takes no more clients: ${text} (503)`);
  else if (status === 426 || status === 400) {
    fault(
      'no-upgrade',
      `a proxy has taken the header Upgrade away: Fanfare has got a plain request, and answers ${status} (${text})`,
    );
  } else fault('refused', `Fanfare refuses the upgrade: ${text} (${status})`);
}

/** A sentence that names the path that is right, if it is a usual one. */
async function wrongPath(refused: Refused, target: Target): Promise<string> {
  const path = pathOf(target);
  const who = refused.isOfFanfare ? 'Fanfare' : refused.answerer;
  const parent = path.replace(/\/[^/]*\/?$/, '');
  const candidates = new Set([
    usualPath,
    `${path.replace(/\/$/, '')}${usualPath}`,
    `${parent}${usualPath}`,
    path.replace(/\/$/, ''),
  ]);
  candidates.delete(path);
  candidates.delete('');
  for (const candidate of candidates) {
    if (await speaksWebSocket(target, candidate))
      return `${who} has nothing at ${path}; there is a WebSocket at ${candidate}`;
  }
  return `${who} has no WebSocket at ${path} (${refused.status})`;
}

/** Fanfare says so to plain requests. */
async function speaksWebSocket(target: Target, path: string): Promise<boolean> {
  try {
    const response = await ask({ ...target, origin: undefined }, new URL(path, target.endpoints.http_stream).href);
    return response.status === 426 && isOfFanfare(response);
  } catch {
    return false;
  }
}

/** A page of the given origin; without one, of the host itself. @returns whether it may connect */
export async function examineOrigin(target: Target, findings: Findings): Promise<boolean> {
  const origin = target.origin ?? ownOrigin(target);
  const outcome = await Conversation.open(target, origin);
  if (outcome instanceof Conversation) {
    outcome.terminate();
    findings.well('origin', `pages of ${origin} may connect`);
    return true;
  }
  const { status, text } = outcome;
  const seen = /connects to (.+), which is/.exec(text)?.[1];
  const isOwn = origin === ownOrigin(target);
  if (status !== 403 || !outcome.isOfFanfare)
    findings.fault('origin', 'refused', `an upgrade with Origin: ${origin} gets ${status || text}`);
  else if (seen !== undefined && seen !== target.authority && text.includes('origins is not set')) {
    findings.fault(
      'origin',
      'host',
      `pages of ${origin} may not connect: Fanfare is told ${seen} as Host, and not ${target.authority}`,
    );
  } else if (isOwn && target.origin === undefined) {
    findings.leftOut(
      'origin',
      `pages of ${origin} may not connect, which is right if yours are elsewhere: --origin tries theirs`,
    );
  } else findings.fault('origin', 'origin', `pages of ${origin} may not connect: it is not in origins`);
  return false;
}

function pathOf({ endpoints }: Target): string {
  return new URL(endpoints.websocket).pathname;
}
