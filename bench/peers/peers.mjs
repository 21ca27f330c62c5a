// @ts-check
/** The peers: how each server is started, which protocol its clients use, and why it may be missing. */
import { fileURLToPath } from 'node:url';
import { Child } from '../shared/ipc.mjs';
import { startCentrifugo } from './centrifugo.mjs';
import { bun, centrifugo, goPrograms } from './programs.mjs';

/**
 * @typedef {object} ServerOptions
 * @property {number} historySize publications that each channel keeps, if the server can
 * @property {boolean} presence with joins and leaves pushed to all
 * @property {string} [redisUrl] default: everything is in memory
 * @property {number} [connectsPerSec] rate above which the server refuses clients
 * @property {string} [batch] of channels, if the server can gather publications under load
 */

/**
 * @typedef {object} RunningServer
 * @property {number} pid
 * @property {number} port
 * @property {string} version
 * @property {Child['request'] | null} request null: it takes no requests of the benchmark, and is published to by its API
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Peer
 * @property {string} label
 * @property {'centrifugal' | 'bare' | 'socketio' | null} dialect null: it has no clients
 * @property {() => import('./programs.mjs').Program} program the program that runs it
 * @property {(program: string, options: ServerOptions, core: number | null) => Promise<RunningServer>} start
 */

/** @typedef {keyof typeof PEERS} PeerName */

export const PEERS = {
  fanfare: peer('Fanfare', 'centrifugal', nodeItself, script('fanfare')),
  centrifuge: peer('centrifuge (Go)', 'centrifugal', goPrograms, (program, options, core) =>
    startChild([program, 'centrifuge'], options, core),
  ),
  centrifugo: peer('Centrifugo', 'centrifugal', centrifugo, startCentrifugo),
  bun: peer('Bun (C++)', 'bare', bun, script('bun')),
  ws: peer('ws', 'bare', nodeItself, script('ws')),
  'ws-shared': peer('ws, shared frames', 'bare', nodeItself, (program, options, core) =>
    script('ws')(program, /** @type {ServerOptions} */ ({ ...options, sharedFrames: true }), core),
  ),
  socketio: peer('Socket.IO', 'socketio', nodeItself, script('socketio')),
  node: peer('bare Node', null, nodeItself, script('http')),
};

export const PEER_NAMES = /** @type {PeerName[]} */ (Object.keys(PEERS));

/**
 * @param {string} label
 * @param {Peer['dialect']} dialect
 * @param {Peer['program']} program
 * @param {Peer['start']} start
 * @returns {Peer}
 */
function peer(label, dialect, program, start) {
  return { label, dialect, program, start };
}

/** @returns {import('./programs.mjs').Program} */
function nodeItself() {
  return { path: process.execPath };
}

/**
 * @param {string} name of a file in servers/
 * @returns {Peer['start']}
 */
function script(name) {
  const path = fileURLToPath(new URL(`./servers/${name}.mjs`, import.meta.url));
  return (program, options, core) => {
    const flags = program === process.execPath ? ['--expose-gc'] : [];
    return startChild([program, ...flags, path], options, core);
  };
}

/**
 * @param {string[]} command
 * @param {ServerOptions} options
 * @param {number | null} core
 * @returns {Promise<RunningServer>}
 */
async function startChild(command, options, core) {
  const child = new Child({ name: `${command.at(-1)} server`, command, core });
  /** @type {{ port: number, version: string }} */
  const { port, version } = await child.request('start', options);
  return { pid: child.pid, port, version, request: child.request.bind(child), close: () => child.close() };
}
