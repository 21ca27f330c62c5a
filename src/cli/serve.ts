/** `fanfare serve`, the default command: runs the server, which accepts no clients unless configured to. */

import { type Command, exitCodes } from './command.js';
import { loadOrExplain, sourcesOf } from './configuration.js';
import { runServer, type ServerRun } from './run-server.js';
import { isWorker, runWorkers, workerParts } from './run-workers.js';
import { announceToPrimary, configFromPrimary } from './worker-messages.js';

export const serve: Command = {
  name: 'serve',
  usage: '[flags]',
  about: [
    'Runs the server. SIGTERM and SIGINT shut it down gracefully, SIGHUP reads the configuration again.',
    'Nobody gets in until token.secret or anonymous is set, and no channel exists without a rule.',
  ],
  flags: {},
  listsOptions: true,
  async run(parsed, context) {
    const { terminal } = context;
    const sources = sourcesOf(parsed, context, 'production');
    const config = await (isWorker(context.env) ? configFromPrimary() : loadOrExplain(sources, terminal));
    if (config === undefined) return exitCodes.failed;
    const announce: ServerRun['announce'] = ({ clients, internal, console: page }, log) => {
      for (const warning of config.warnings) log.warn({}, warning);
      terminal.out(`listening on ${clients.url}`);
      if (internal !== undefined) {
        const { values } = config;
        const api = values['api.insecure'] || values['api.keys'] !== undefined || values['api.keysFile'] !== undefined;
        terminal.out(`${api ? 'health, metrics and API' : 'health and metrics'} on ${internal.url}`);
      }
      if (page !== undefined) terminal.out(`console on ${page}`);
    };
    const worker = workerParts(context, config);
    if (worker !== undefined) {
      const quiet = { ...context, terminal: { ...terminal, out: () => undefined } };
      return runServer({ config, sources, worker, announce: announceToPrimary }, quiet);
    }
    return config.values.workers > 1
      ? runWorkers({ config, sources, announce })
      : runServer({ config, sources, announce }, context);
  },
};
