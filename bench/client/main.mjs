// @ts-check
/** The load client's process: opens subscribers, counts a run's deliveries, closes them. */
import { answerRequests, tellProgress } from '../ipc.mjs';
import { DIALECTS } from './dialects.mjs';
import { Swarm } from './swarm.mjs';
import { Tally } from './tally.mjs';

const PROGRESS_INTERVAL_MS = 250;

const tally = new Tally();
const swarm = new Swarm(tally);

answerRequests({
  /** @param {{ server: string, host: string, port: number, count: number }} request */
  async open({ server, host, port, count }) {
    const dialect = DIALECTS[server];
    if (!dialect) throw new Error(`no dialect for ${server}`);
    let opened = 0;
    const ticker = setInterval(() => tellProgress({ opened, of: count }), PROGRESS_INTERVAL_MS);
    try {
      await swarm.open({
        dialect,
        host,
        port,
        count,
        onProgress: () => {
          opened += 1;
        },
      });
    } finally {
      clearInterval(ticker);
    }
  },

  /** @param {{ publications: number }} request */
  begin({ publications }) {
    globalThis.gc?.();
    tally.begin(swarm.size, publications);
  },

  async result() {
    const ticker = setInterval(() => tellProgress({ deliveries: tally.deliveries }), PROGRESS_INTERVAL_MS);
    try {
      return await tally.result();
    } finally {
      clearInterval(ticker);
    }
  },

  /** Whether every connection is still there: an idle one that was dropped would flatter the server. */
  check() {
    if (swarm.loss) throw new Error(`a connection was lost: ${swarm.loss}`);
    return { connections: swarm.size };
  },

  closeAll: () => swarm.closeAll(),
});
