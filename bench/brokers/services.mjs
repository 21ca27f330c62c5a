// @ts-check
/** The services between nodes: each is started on a free port or in a folder of its own, and removed when closed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuUsOf } from '../shared/process-use.mjs';

/**
 * @typedef {object} Service
 * @property {string} url address for the nodes
 * @property {() => number} cpuUs of its process since its start, user and system, in microseconds
 * @property {() => Promise<void>} close
 */

/** @typedef {keyof typeof SERVICES} ServiceName */

export const SERVICES = {
  /** The broker of `fanfare serve --workers`, in its own process as there. */
  async local() {
    const folder = await makeFolder();
    const path = join(folder, 'broker.sock');
    const script = fileURLToPath(new URL('./local-host.mjs', import.meta.url));
    return started({ command: [process.execPath, script, path], ready: /listening/, url: path, folder });
  },

  async redis() {
    const folder = await makeFolder();
    const port = await freePort();
    const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    const command = ['redis-server', ...flags];
    return started({ command, ready: /Ready to accept connections/, url: `redis://127.0.0.1:${port}`, folder });
  },

  async nats() {
    const folder = await makeFolder();
    const port = await freePort();
    const command = ['nats-server', '--addr', '127.0.0.1', '--port', `${port}`, '--jetstream', '--store_dir', folder];
    return started({ command, ready: /Server is ready/, url: `nats://127.0.0.1:${port}`, folder });
  },

  async rabbitmq() {
    const folder = await makeFolder();
    const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
    const env = rabbitmqEnvironment(folder, { port, distribution, mapper });
    const config = [`listeners.tcp.1 = 127.0.0.1:${port}`, 'disk_free_limit.absolute = 10MB'];
    await writeFile(join(folder, 'rabbitmq.conf'), `${config.join('\n')}\n`);
    await writeFile(join(folder, 'enabled_plugins'), '[].\n');
    // Its own port mapper: one that the server starts itself would outlive it, and serve other servers.
    const portMapper = spawn('epmd', ['-port', `${mapper}`], { env, stdio: 'ignore' });
    const service = await started({
      command: ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
      ready: /completed with \d+ plugins/,
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      folder,
      env,
    });
    const close = async () => {
      await service.close();
      portMapper.kill('SIGKILL');
    };
    return { ...service, close };
  },
};

/**
 * @param {string} folder
 * @param {{ port: number, distribution: number, mapper: number }} ports
 */
function rabbitmqEnvironment(folder, { port, distribution, mapper }) {
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder,
    ERL_EPMD_PORT: `${mapper}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `fanfare-${port}@localhost`,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(folder, 'feature_flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // The script then becomes the server, whose CPU counts, instead of watching over it.
    detached: 'true',
  };
}

function makeFolder() {
  return mkdtemp(join(tmpdir(), 'fanfare-bench-'));
}

/**
 * @param {object} options
 * @param {string[]} options.command
 * @param {RegExp} options.ready what it prints when it accepts connections
 * @param {string} options.url
 * @param {string} options.folder is removed with it
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<Service>}
 */
async function started({ command: [program = '', ...args], ready, url, folder, env = process.env }) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const exited = new Promise((resolve) => child.once('close', resolve));
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  let output = '';
  try {
    await once(child, 'spawn');
    await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${program} has ended (${code}): ${output}`)));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          // The output is always read, so that the process never blocks, but kept only until it is ready.
          if (output.length < 65_536) output += text;
          if (ready.test(output)) resolve(null);
        });
      }
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return { url, cpuUs: () => cpuUsOf(/** @type {number} */ (child.pid)), close };
}

/** @returns {Promise<number>} */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
