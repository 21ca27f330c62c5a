/** Runs a configured server until it is told to stop: listening, reload on SIGHUP, graceful shutdown. */

import type { Config } from '../config/config.js';
import type { ConfigSources } from '../config/load.js';
import type { Logger } from '../engine/ports/logger.js';
import type { HttpEndpoint } from '../http/endpoint.js';
import { defined } from '../model/defined.js';
import { FanfareError } from '../model/fanfare-error.js';
import { ConfiguredServer, type OwnParts, type ServerAddresses, type WorkerParts } from '../server/from-config.js';
import { systemClock } from '../server/system-ports.js';
import { version } from '../server/version.js';
import { CertificateWatch } from './certificate-watch.js';
import { type CommandContext, exitCodes, failed } from './command.js';
import { reloadOnSignal } from './reload.js';
import { onStopSignals, type StopSignal } from './stop-signals.js';
import type { Terminal } from './terminal.js';
import { onStopOfWorker } from './worker-messages.js';
import { reloadAsTold } from './workers-reload.js';

export interface ServerRun {
  readonly config: Config;
  /** Read again on SIGHUP. */
  readonly sources: ConfigSources;
  readonly endpoints?: readonly HttpEndpoint[];
  /** An application's part of the server. */
  readonly own?: OwnParts;
  /** Begins work beside the server, once that listens. `signal` is aborted when it begins to close. */
  begin?(server: ConfiguredServer, addresses: ServerAddresses, signal: AbortSignal): Promise<void>;
  /** Set if this process is one of several that share a port. */
  readonly worker?: WorkerParts;
  /** Reports where it listens, and the configuration's warnings. */
  announce(addresses: ServerAddresses, log: Logger): void;
}

/** After the deadline the process exits even if something hangs. */
const overtimeMs = 1_000;
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** @returns the exit code, when the server is closed */
export async function runServer(run: ServerRun, { terminal }: CommandContext): Promise<number> {
  const server = assemble(run);
  if (server instanceof FanfareError) return failed(terminal, server.message);
  const { log } = server;
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught error');
    process.exit(exitCodes.failed);
  });
  // Before it reports that it listens, since SIGHUP without a handler ends a process.
  const closing = new AbortController();
  const stopped = untilStopped(server, terminal, run.worker !== undefined, () => closing.abort());
  const watch = new CertificateWatch({
    folder: run.sources.folder,
    clock: systemClock,
    log,
    use: (certificate) => server.app.setCertificate(certificate),
  });
  const onReloaded = () => followCertificate(watch, server);
  if (run.worker === undefined) reloadOnSignal(server, run.sources, onReloaded);
  else reloadAsTold(server, onReloaded);
  try {
    const addresses = await server.listen(run.endpoints);
    followCertificate(watch, server);
    log.info({ url: addresses.clients.url, internalUrl: addresses.internal?.url, version }, 'listening');
    await run.begin?.(server, addresses, closing.signal);
    run.announce(addresses, log);
  } catch (error) {
    closing.abort();
    const wasStopped = server.app.isClosing;
    await server.app.close(0);
    if (!(error instanceof FanfareError)) throw error;
    if (!wasStopped) return failed(terminal, listenHint(error, run.config));
  }
  return stopped.finally(() => watch.close());
}

function followCertificate(watch: CertificateWatch, { config: { values, certificate } }: ConfiguredServer): void {
  const certFile = values['tls.certFile'];
  const keyFile = values['tls.keyFile'];
  const files = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  watch.follow(files, certificate);
}

function assemble({ config, own, worker }: ServerRun): ConfiguredServer | FanfareError {
  try {
    return new ConfiguredServer(config, own, worker);
  } catch (error) {
    if (error instanceof FanfareError) return error;
    throw error;
  }
}

function listenHint(error: FanfareError, { values }: Config): string {
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const internalPort = values['internal.port'];
  const isInternal = cause instanceof Error && 'port' in cause && cause.port === internalPort;
  const [port, flag] = isInternal ? [internalPort, '--internal-port'] : [values.port, '--port'];
  if (code === 'EADDRINUSE') return `port ${port} is taken: choose another with ${flag} (0 for any free one)`;
  if (code === 'EACCES') return `port ${port} needs privileges: choose one above 1023 with ${flag}`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${error.message}; choose another address with --host`;
  return error.message;
}

/** Closes on the first signal, gives up on the second. */
function untilStopped(
  server: ConfiguredServer,
  terminal: Terminal,
  isWorker: boolean,
  onStop: () => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stop = (signal: StopSignal) => {
      onStop();
      const { values } = server.config;
      const deadlineMs = values['shutdown.deadline'];
      // All workers stop at once.
      const clientsPerSec = values['shutdown.clientsPerSec'] && values['shutdown.clientsPerSec'] / values.workers;
      server.log.info({ signal, deadlineMs }, 'shutting down');
      terminal.out(`shutting down: ${server.app.numClients} clients are told to reconnect (once more to stop at once)`);
      const overtime = setTimeout(() => {
        server.log.error('shutdown has missed its deadline');
        process.exit(exitCodes.failed);
      }, deadlineMs + overtimeMs);
      server.app
        .close(deadlineMs, { delayMs: values['shutdown.delay'], ...defined({ clientsPerSec }) })
        .finally(() => clearTimeout(overtime))
        .then(() => resolve(exitCodes.ok), reject);
    };
    if (isWorker) onStopOfWorker(() => stop('SIGTERM'));
    else onStopSignals(stop, (signal) => process.exit(128 + signalNumbers[signal]));
  });
}
