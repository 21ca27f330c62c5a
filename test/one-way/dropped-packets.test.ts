/** F8: the packets to a consumer are dropped from some moment on. It has no pongs by which it could be missed. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/programs/certificate.js';
import { skipLoudly } from '../support/programs/missing.js';

/** Whether this machine lets a test have a network of its own. Where changes are checked it must: there it throws. */
function networkIsMissing(): boolean {
  try {
    execFileSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'pipe' });
    return false;
  } catch (cause) {
    return skipLoudly(
      'dropped packets',
      'no network namespaces (unshare, ip): scripts/install-system.sh installs what they need',
      cause,
    );
  }
}

interface Report {
  readonly early: number;
  readonly left: Readonly<Record<string, { readonly code: number; readonly afterMs: number }>>;
}

describe.skipIf(networkIsMissing())('a consumer whose packets are dropped', () => {
  test('F8, G8: is missed within ping and pong time-out, over each transport and version of HTTP', async () => {
    using tls = makeCertificate();
    const script = fileURLToPath(new URL('dropped-packets.mjs', import.meta.url));
    const commands = `ip link set lo up && exec '${process.execPath}' '${script}' '${tls.certFile}' '${tls.keyFile}'`;
    const child = spawn('unshare', ['-rn', 'bash', '-c', commands], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(child, 'close');
    // safe: what the script prints
    const { early, left } = JSON.parse(output) as Report;
    expect(early, 'of a network that is well').toBe(0);
    expect(Object.keys(left).toSorted()).toEqual(['http2', 'one_way_sse', 'one_way_stream']);
    for (const { code, afterMs } of Object.values(left)) {
      expect(code).toBe(3012);
      // 3 s and 2 s, and what the clock of the pings adds.
      expect(afterMs).toBeLessThan(8_000);
    }
  }, 120_000);
});
