// @ts-check
/** What an answer costs its readers in bytes and the server in CPU: streams, beside Socket.IO emitting each token. */
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { checkBuilt, count, parseFlags, runCommand } from './shared/flags.mjs';
import { Child } from './shared/ipc.mjs';
import { canPin } from './shared/machine.mjs';

const HELP = `Usage: node bench/streams.mjs [options]

CPU time of the server for each token and reader, and bytes for each byte of text, of a stream and of Socket.IO that emits
each token to a room, in paired rounds; and what a reader gets of a stream who comes when it has ended. Needs a build (npm run
build).

  --readers N   connections                                  (500)
  --tokens N    of an answer, of about five bytes each        (400)
  --every MS    between two tokens                           (20)
  --rounds N    paired rounds; medians are reported          (3)
  --help        this text

Exit status: 0, or 1 when a reader does not end with the text. The figures are not checked against their aims.`;

const KINDS = /** @type {const} */ (['fanfare', 'socketio']);
const WORDS = [' a', ' the', ' word', ' answer', ' several'];
/** CPU as a share of what Socket.IO takes; bytes for each byte of text. */
const AIM = { cpu: 0.5, live: 4, late: 1.1 };

/** @typedef {typeof KINDS[number]} Kind */

/** One connection: the text that it has, and its bytes on the wire. */
class Reader {
  text = '';
  bytes = 0;
  isEnded = false;

  /** @param {Kind} kind @param {number} port @returns {Promise<Reader>} */
  static join(kind, port) {
    const reader = new Reader();
    const path = kind === 'fanfare' ? '/connection/websocket' : '/socket.io/?EIO=4&transport=websocket';
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false });
    reader.socket = socket;
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        if (kind === 'socketio') return;
        socket.send('{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"chat:1","flag":1}}');
      });
      socket.on('message', (/** @type {Buffer} */ data) => {
        reader.bytes += data.length + (data.length < 126 ? 2 : 4);
        const frame = String(data);
        if (kind === 'fanfare') for (const line of frame.split('\n')) reader.takePush(JSON.parse(line), resolve);
        else reader.takePacket(socket, frame, resolve);
      });
    });
  }

  /** @type {WebSocket | undefined} */
  socket;

  /** @typedef {{ data: { i?: string, t?: string, e?: string } }} Part */
  /** @param {{ id?: number, subscribe?: { publications?: Part[] }, push?: { pub?: Part } }} message @param {(reader: Reader) => void} joined */
  takePush({ id, subscribe, push }, joined) {
    for (const part of subscribe?.publications ?? []) this.takePart(part);
    if (push?.pub !== undefined) this.takePart(push.pub);
    if (id === 2) joined(this);
  }

  /** @param {Part} part */
  takePart({ data }) {
    if (data.i !== undefined) this.text = '';
    this.text += data.t ?? '';
    if (data.e === 'closed') this.isEnded = true;
  }

  /** @param {WebSocket} socket @param {string} packet @param {(reader: Reader) => void} joined */
  takePacket(socket, packet, joined) {
    if (packet.startsWith('0')) socket.send('40');
    else if (packet === '2') socket.send('3');
    else if (packet.startsWith('40')) joined(this);
    else if (packet.startsWith('42')) {
      const [event, token] = JSON.parse(packet.slice(2));
      if (event === 'end') this.isEnded = true;
      else this.text += token;
    }
  }
}

/** What a reader gets who comes when everything is over, with what connecting takes. @param {number} port @param {string} text */
async function lateBytes(port, text) {
  const reader = await Reader.join('fanfare', port);
  reader.socket?.terminate();
  if (reader.text !== text || !reader.isEnded) throw new Error('who comes late has another text');
  return reader.bytes / Buffer.byteLength(text);
}

/** @param {Kind} kind @param {{ readers: number, tokens: string[], everyMs: number }} plan */
async function measure(kind, { readers: size, tokens, everyMs }) {
  const script = fileURLToPath(new URL('./servers/streams.mjs', import.meta.url));
  const server = new Child({ name: kind, script, core: canPin() ? 0 : null });
  try {
    const port = Number(await server.request('start', { kind }));
    const readers = await Promise.all(Array.from({ length: size }, () => Reader.join(kind, port)));
    // Until what connecting has left to do is done.
    await pause(500);
    for (const reader of readers) reader.bytes = 0;
    const before = Number(await server.request('cpu'));
    await server.request('produce', { tokens, everyMs });
    while (readers.some(({ isEnded }) => !isEnded)) await pause(5);
    const cpuUs = Number(await server.request('cpu')) - before;
    const text = tokens.join('');
    if (readers.some((reader) => reader.text !== text)) throw new Error(`${kind}: a reader has another text`);
    const bytes = readers.reduce((sum, reader) => sum + reader.bytes, 0);
    for (const { socket } of readers) socket?.terminate();
    const late = kind === 'fanfare' ? await lateBytes(port, text) : undefined;
    return { cpuUs: cpuUs / tokens.length / size, bytes: bytes / size / Buffer.byteLength(text), late };
  } finally {
    await server.close();
  }
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** @param {string[]} argv */
const read = (argv) =>
  parseFlags(argv, {
    readers: { type: 'string' },
    tokens: { type: 'string' },
    every: { type: 'string' },
    rounds: { type: 'string' },
  });

/** @param {ReturnType<typeof read>} flags */
async function run(flags) {
  checkBuilt();
  const numTokens = count('tokens', flags.tokens, 400);
  const plan = {
    readers: count('readers', flags.readers, 500),
    tokens: Array.from({ length: numTokens }, (_, n) => WORDS[n % WORDS.length] ?? ''),
    everyMs: count('every', flags.every, 20, 0),
  };
  /** @type {Record<Kind, Awaited<ReturnType<typeof measure>>[]>} */
  const found = { fanfare: [], socketio: [] };
  for (let round = 0; round < count('rounds', flags.rounds, 3); round++) {
    for (const kind of KINDS) {
      const figures = await measure(kind, plan);
      found[kind].push(figures);
      console.log(
        `${kind}: ${figures.cpuUs.toFixed(2)} µs of CPU per token and reader, ${figures.bytes.toFixed(2)} bytes per byte of text` +
          (figures.late === undefined ? '' : `, ${figures.late.toFixed(3)} for who comes late`),
      );
    }
  }
  const shares = found.fanfare.map(({ cpuUs }, round) => cpuUs / (found.socketio[round]?.cpuUs ?? Number.NaN));
  console.log(`share of the CPU of Socket.IO: ${median(shares).toFixed(2)} (aim: at most ${AIM.cpu})`);
  const [live, late] = [found.fanfare.map(({ bytes }) => bytes), found.fanfare.map(({ late = 0 }) => late)];
  console.log(`bytes per byte of text, live: ${median(live).toFixed(2)} (aim: at most ${AIM.live})`);
  console.log(`bytes per byte of text, who comes late: ${median(late).toFixed(3)} (aim: at most ${AIM.late})`);
  return 0;
}

await runCommand({ help: HELP, read, run });
