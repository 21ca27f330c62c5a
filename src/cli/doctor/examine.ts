/** The whole way, from the name of the host to an idle connection. What depends on something that failed is left out. */

import { examineCertificate } from './certificate.js';
import { examinePolling, examineStream } from './fallbacks.js';
import type { Findings, Station } from './finding.js';
import { examineHealth } from './health.js';
import { reach } from './reach.js';
import { examineChannel, examineToken, type SessionWishes } from './session.js';
import { examineSilence } from './silence.js';
import type { Target } from './target.js';
import { examineOrigin, examineUpgrade } from './upgrade.js';

export interface Wishes extends Omit<SessionWishes, 'clockAheadMs'> {
  /** Addresses to take instead of those of DNS. */
  readonly addresses: readonly string[];
  /** How long to wait on idle connections. 0: not at all. */
  readonly waitMs: number;
}

/** @param onStation is told before each part */
export async function examine(
  target: Target,
  wishes: Wishes,
  findings: Findings,
  onStation: (station: Station) => void,
): Promise<void> {
  onStation('dns');
  if (!(await reach(target, wishes.addresses, findings))) return;
  if (target.isSecure) {
    onStation('tls');
    if (!(await examineCertificate(target, findings))) return;
  }
  onStation('http');
  const health = await examineHealth(target, findings);
  if (health === undefined) return;
  if (findings.has('draining')) {
    findings.leftOut('websocket', 'the rest: the node is about to go');
    return;
  }
  const session: SessionWishes = { ...wishes, clockAheadMs: health.clockAheadMs };
  onStation('websocket');
  const talk = await examineUpgrade(target, findings);
  const pagesMay = talk === undefined || (await examineOrigin(target, findings));
  // What is refused to pages is told once; the rest is examined as a program.
  const rest = pagesMay ? target : { ...target, origin: undefined };
  onStation('token');
  const isIn = talk !== undefined && (await examineToken(talk, session, findings));
  if (talk !== undefined && isIn) {
    onStation('subscribe');
    await examineChannel(talk, rest, session, findings);
  }
  const token = await wishes.credentials.token();
  onStation('http streaming');
  const nodes = [await examineStream(rest, 'http streaming', token, findings)];
  onStation('server-sent events');
  nodes.push(await examineStream(rest, 'server-sent events', token, findings));
  onStation('long polling');
  nodes.push(await examinePolling(rest, token, findings));
  tellNodes(nodes, findings);
  onStation('silence');
  await examineSilence(rest, { talk: isIn ? talk : undefined, token, waitMs: wishes.waitMs }, findings);
  talk?.terminate();
}

function tellNodes(seen: readonly (string | undefined)[], findings: Findings): void {
  const nodes = new Set(seen.filter((node) => node !== undefined));
  if (nodes.size < 2 || findings.has('nodes-apart')) return;
  findings.well(
    'nodes',
    `${nodes.size} nodes have answered, and pass requests on to each other: no stickiness, and none is needed`,
  );
}
