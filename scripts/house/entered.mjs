// @ts-check
/** Which functions of the built package one action of a client enters, by V8's precise coverage of this process. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';

// One file each: bundles would hide which are entered. Found when it runs, so that types are checked without a build.
/** @type {typeof import('../../src/index.js')} */
const { channel, fanfare } = await import(new URL('../../.cache/modules/index.js', import.meta.url).href);

/** @typedef {{ action: string, functions: readonly string[], files: ReadonlySet<string> }} Entered functions as `file: name` */

/** Longer than anything that an action sets off. */
const settledAfterMs = 300;
/** What not each of so many runs enters is no part of the action: ticks of timers, for instance. */
const runs = 3;

/** @returns {Promise<Entered[]>} */
export async function measureEntered() {
  const http = createServer();
  const app = fanfare({
    auth: () => ({ user: 'one' }),
    channels: { 'room:{id}': channel({ subscribe: 'anyone', publish: 'anyone', history: { size: 100, ttl: '5m' } }) },
  });
  app.attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
  const profiler = new Session();
  profiler.connect();
  await profiler.post('Profiler.enable');
  try {
    const sockets = await Promise.all([1, 2, 3].map(() => openSocket(port)));
    await Promise.all(sockets.map((socket) => socket.ask({ id: 2, subscribe: { channel: 'room:1' } })));
    const polling = await openPolling(port);
    const [first] = sockets;
    if (first === undefined) throw new Error('no socket');
    // Once beforehand, so that nothing is measured that happens the first time only.
    await first.ask({ id: 3, publish: { channel: 'room:1', data: 1 } });
    await first.ask({ id: 4, subscribe: { channel: 'room:2' } });
    await polling.send({ id: 2, publish: { channel: 'room:1', data: 1 } });
    await delay(settledAfterMs);
    let id = 4;
    /** @param {string} action @param {(id: number) => Promise<unknown>} run */
    const measure = async (action, run) => {
      /** @type {Set<string> | undefined} */
      let entered;
      for (let i = 0; i < runs; i++) {
        await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
        await run(++id);
        await delay(settledAfterMs);
        const { result } = await profiler.post('Profiler.takePreciseCoverage');
        await profiler.post('Profiler.stopPreciseCoverage');
        const now = enteredIn(result);
        entered = new Set([...now].filter((each) => entered?.has(each) ?? true));
      }
      const functions = [...(entered ?? [])];
      return { action, functions, files: new Set(functions.map((each) => each.slice(0, each.indexOf(':')))) };
    };
    const found = [
      await measure('publish over WebSocket to three subscribers', (id) =>
        first.ask({ id, publish: { channel: 'room:1', data: 2 } }),
      ),
      await measure('subscribe over WebSocket', (id) => first.ask({ id, subscribe: { channel: `room:${id}` } })),
      await measure('publish over long polling to three subscribers', (id) =>
        polling.send({ id, publish: { channel: 'room:1', data: 3 } }),
      ),
    ];
    for (const socket of sockets) socket.close();
    return found;
  } finally {
    profiler.disconnect();
    await app.close();
    http.closeAllConnections();
    http.close();
  }
}

/**
 * @param {import('node:inspector').Profiler.ScriptCoverage[]} scripts
 * @returns {Set<string>} `file: function`
 */
function enteredIn(scripts) {
  const entered = new Set();
  for (const { url, functions } of scripts) {
    if (!url.includes('/.cache/modules/')) continue;
    for (const { functionName, ranges } of functions) {
      const [{ startOffset, count } = { startOffset: 0, count: 0 }] = ranges;
      // What begins with the file is the module itself.
      if (startOffset === 0 || count === 0) continue;
      entered.add(`${url.slice(url.indexOf('/.cache/modules/') + 1)}: ${functionName} at ${startOffset}`);
    }
  }
  return entered;
}

/** @param {number} port */
async function openSocket(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/connection/websocket`);
  await once(socket, 'open');
  /** @param {{ id: number, [method: string]: unknown }} command resolves when its reply is there */
  const ask = (command) =>
    new Promise((resolve, reject) => {
      /** @param {import('ws').RawData} data */
      const onMessage = (data) => {
        if (!String(data).includes(`"id":${command.id},`)) return;
        socket.off('message', onMessage);
        // A refused command enters other functions than the one that is measured.
        if (String(data).includes('"error"')) reject(new Error(`refused: ${data}`));
        else resolve(undefined);
      };
      socket.on('message', onMessage);
      socket.send(JSON.stringify(command));
    });
  await ask({ id: 1, connect: {} });
  return { ask, close: () => socket.close() };
}

/** @param {number} port */
async function openPolling(port) {
  /** @param {object} body */
  const post = async (body) => {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${port}/connection/long_polling`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    if (!answer.ok) throw new Error(`long polling answered ${answer.status}`);
    return answer.text();
  };
  const opened = await post({ data: JSON.stringify({ id: 1, connect: {} }) });
  const { session, node } = JSON.parse(opened.trim().split('\n').at(-1) ?? '');
  let sends = 0;
  let ack = 1;
  return {
    /** A send, and the poll that brings its reply. @param {object} command */
    send: async (command) => {
      await post({ session, node, id: ++sends, data: JSON.stringify(command) });
      await post({ session, node, ack: ack++ });
    },
  };
}
