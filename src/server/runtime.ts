/** Refuses runtimes on which the server does not work with one clear line. */

import { FanfareError } from '../model/fanfare-error.js';

const leastNode = [20, 19] as const;

/** The used parts of `process.versions`. */
interface RuntimeVersions {
  readonly node: string;
  readonly bun?: string | undefined;
  readonly deno?: string | undefined;
}

/** @throws FanfareError `ERR_RUNTIME` */
export function requireRuntime({ node, bun, deno }: RuntimeVersions): void {
  if (bun !== undefined) {
    throw new FanfareError(
      'ERR_RUNTIME',
      `the server of Fanfare does not run on Bun (${bun}), which has a WebSocket server of its own in place of ws: use Node ${leastNode.join('.')} or newer, or Deno. fanfare/client runs on Bun.`,
    );
  }
  if (deno !== undefined) return;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return;
  throw new FanfareError('ERR_RUNTIME', `Fanfare needs Node ${leastNode.join('.')} or newer; this is ${node}`);
}
