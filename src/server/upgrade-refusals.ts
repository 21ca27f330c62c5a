/** Upgrades that no transport gets. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RefusalLog } from '../engine/log/refusal-log.js';
import type { TrustedProxies } from '../transports/trusted-proxies.js';
import { refuseUpgrade } from '../transports/websocket/upgrade.js';
import { pathOf } from './router.js';
import { unservedPathLine } from './unserved-paths.js';

export class UpgradeRefusals {
  /** @param paths that upgrades may have */
  constructor(
    private readonly paths: readonly string[],
    private readonly proxies: TrustedProxies,
    private readonly refusals: Pick<RefusalLog, 'tell'>,
  ) {}

  readonly unserved = (request: IncomingMessage, socket: Duplex): void => {
    this.refusals.tell(unservedPathLine(pathOf(request), this.paths, this.proxies.clientAddress(request)));
    refuseUpgrade(socket, { status: 404, message: 'not found' });
  };

  readonly tooManyHeaders = (request: IncomingMessage, socket: Duplex): void => {
    const peer = this.proxies.clientAddress(request);
    this.refusals.tell({
      check: 'http',
      key: `too many headers ${peer}`,
      fields: { status: 431, reason: 'too many headers', peer },
      message: 'upgrade refused: it has more headers than are read',
      level: 'info',
    });
    refuseUpgrade(socket, { status: 431, message: 'too many headers' });
  };
}
