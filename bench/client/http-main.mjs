// @ts-check
/** The load client's process for HTTP transports: opens subscribers, counts a run's deliveries, closes them. */
import { answerRequests } from '../ipc.mjs';
import { HTTP_DIALECTS } from './http-dialects.mjs';
import { HttpSwarm } from './http-swarm.mjs';
import { Tally } from './tally.mjs';

const tally = new Tally();
const swarm = new HttpSwarm(tally);

answerRequests({
  /** @param {{ dialect: string, host: string, port: number, count: number }} request */
  async open({ dialect: name, host, port, count }) {
    const dialect = HTTP_DIALECTS[name];
    if (!dialect) throw new Error(`no dialect for ${name}`);
    await swarm.open({ dialect, host, port, count, onProgress() {} });
  },

  /** @param {{ publications: number }} request */
  begin({ publications }) {
    globalThis.gc?.();
    tally.begin(swarm.size, publications);
  },

  result: () => tally.result(),

  /** Whether every connection is still there: an idle one that was dropped would flatter the server. */
  check() {
    if (swarm.loss) throw new Error(`a connection was lost: ${swarm.loss}`);
    return { connections: swarm.size };
  },

  closeAll: () => swarm.closeAll(),
});
