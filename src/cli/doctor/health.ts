/** The first request: who answers, by which clock, and whether the node takes clients. */

import type { Findings } from './finding.js';
import { answererOf, ask, causeOf, isOfFanfare, type Response } from './request.js';
import type { Target } from './target.js';

const path = '/health/ready';
/** Tokens are checked to the second; networks and rounding take some. */
const maxSkewMs = 10_000;

export interface Health {
  /** How far the server's clock is ahead of this one, as far as answers tell. */
  readonly clockAheadMs: number;
}

/** `undefined` when nothing there speaks HTTP. */
export async function examineHealth(target: Target, findings: Findings): Promise<Health | undefined> {
  const url = new URL(path, target.endpoints.http_stream).href;
  let response: Response;
  try {
    response = await ask(target, url);
  } catch (error) {
    const cause = causeOf(error);
    if (!target.isSecure && (await speaksTls(target)))
      findings.fault('http', 'needs-tls', `port ${target.port} speaks TLS, and the URL does not`);
    else findings.fault('http', 'no-server', `no answer to a request over HTTP (${cause})`);
    return undefined;
  }
  judge(response, target, findings);
  return { clockAheadMs: examineClock(response, findings) };
}

function judge(response: Response, target: Target, findings: Findings): void {
  const { status, text, headers } = response;
  const { server, via } = headers;
  const between = server ?? via;
  const by = between === undefined ? '' : `, through ${between}`;
  if (status === 400 && /plain HTTP request was sent to HTTPS port/i.test(text)) {
    findings.fault('http', 'needs-tls', `port ${target.port} speaks TLS, and the URL does not`);
  } else if (status >= 300 && status < 400) {
    findings.warning('http', 'redirect', `${path} is sent on to ${String(headers.location)} (${status})`);
  } else if (status === 502 || status === 504) {
    findings.fault('http', 'no-server', `${answererOf(response)} does not reach Fanfare (${status})`);
  } else if (status === 503 && /draining/.test(text)) {
    findings.fault('http', 'draining', `the node that answers is draining: it takes no new clients${by}`);
  } else if (status === 503 && /broker/.test(text)) {
    findings.fault('http', 'broker', `the node is not ready: ${text.trim()}${by}`);
  } else if (status === 200 && isOfFanfare(response)) findings.well('http', `ready${by}`);
  else findings.leftOut('http', `${path} is not open here (${status}${by}), as it should be where clients come in`);
}

function examineClock({ headers: { date } }: Response, findings: Findings): number {
  const serverMs = Date.parse(date ?? '');
  if (Number.isNaN(serverMs)) {
    findings.leftOut('clock', 'the answer has no Date');
    return 0;
  }
  const aheadMs = serverMs - Date.now();
  if (Math.abs(aheadMs) <= maxSkewMs) findings.well('clock', 'the clocks of both sides agree');
  else
    findings.warning(
      'clock',
      'clock',
      `the clock of the server is ${formatSkew(aheadMs)} this one: tokens made here end or begin at another time there`,
    );
  return aheadMs;
}

/** `65 s ahead of` */
export function formatSkew(aheadMs: number): string {
  return `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
}

async function speaksTls(target: Target): Promise<boolean> {
  const { host, port } = target;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
  try {
    await ask({ ...target, isInsecure: true }, url);
    return true;
  } catch {
    return false;
  }
}
