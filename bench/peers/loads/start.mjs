// @ts-check
/** Start-up times: until a help text is printed, until the server answers, until a package is imported. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../brokers/services.mjs';
import { median } from '../../shared/figures.mjs';
import { onCore } from '../../shared/ipc.mjs';
import { canPin } from '../../shared/machine.mjs';
import { startCentrifugo } from '../centrifugo.mjs';
import { PEERS } from '../peers.mjs';

/** @typedef {import('../peers.mjs').PeerName} PeerName */

const cli = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const node = process.execPath;
const core = canPin() ? 0 : null;

/** Commands that print a help text, or do nothing. @type {Partial<Record<PeerName, () => string[]>>} */
const HELP = {
  fanfare: () => [node, cli, '--help'],
  centrifugo: () => [PEERS.centrifugo.program().path ?? '', '--help'],
  node: () => [node, '-e', '0'],
};

/** The package that a program imports for a server. @type {Partial<Record<PeerName, string>>} */
const PACKAGES = { fanfare: 'fanfare', ws: 'ws', socketio: 'socket.io', node: 'node:http' };

/** @type {import('../scenarios.mjs').Scenario['run']} */
export async function starts(_pair, quick, peer) {
  const times = quick ? 2 : 9;
  /** @type {Record<string, number>} */
  const figures = {};
  const help = HELP[peer]?.();
  if (help) figures.helpMs = await medianOf(times, () => ran(help));
  const name = PACKAGES[peer];
  if (name) {
    const code = `await import(${JSON.stringify(name)}); process.exit()`;
    figures.importMs = await medianOf(times, () => ran([node, '--input-type=module', '-e', code]));
  }
  if (peer === 'fanfare' || peer === 'centrifugo' || peer === 'node') {
    figures.startMs = await medianOf(times, () => answered(peer));
  }
  return { figures, use: null };
}

/**
 * @param {number} times
 * @param {() => Promise<unknown>} work
 */
async function medianOf(times, work) {
  const elapsed = [];
  for (let i = 0; i < times; i++) {
    const startedMs = performance.now();
    await work();
    elapsed.push(performance.now() - startedMs);
  }
  return median(elapsed);
}

/** @param {string[]} command */
async function ran(command) {
  const [program = '', ...args] = onCore(core, command);
  const child = spawn(program, args, { cwd: root, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}

/** Resolves when the server has answered a request. @param {'fanfare' | 'centrifugo' | 'node'} peer */
async function answered(peer) {
  if (peer === 'centrifugo') {
    const { path = '' } = PEERS.centrifugo.program();
    const server = await startCentrifugo(path, { historySize: 100, presence: false }, core);
    await server.close();
    return;
  }
  const port = await freePort();
  const listening = `require('node:http').createServer((_, response) => response.end()).listen(${port}, '127.0.0.1')`;
  const command =
    peer === 'fanfare' ? [node, cli, 'serve', '--anonymous', '--port', `${port}`] : [node, '-e', listening];
  const [program = '', ...args] = onCore(core, command);
  const child = spawn(program, args, { cwd: root, stdio: 'ignore' });
  const exited = once(child, 'exit');
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => null))) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with ${child.exitCode}`);
    await delay(5);
  }
  // An end on which Node keeps what V8 has compiled, as servers are ended.
  child.kill('SIGTERM');
  await exited;
}
