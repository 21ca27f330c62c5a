// @ts-check
/** Ten thousand fans of one match, each a connection that subscribes as the page does, and what they get. */
import { RawWebSocket } from '../client/raw-websocket.mjs';
import { answerRequests } from '../shared/ipc.mjs';
import { nowUs } from '../shared/payload.mjs';
import { fanfareDialect, greetingOf } from './fanfare-dialect.mjs';

/** Connections that are made at the same time, for the queue of the kernel. */
const AT_ONCE = 100;
/** One of so many readers has the rate of a desktop, the others that of a phone. */
const DESKTOP_OF = 5;
const DESKTOPS = 2;
const RATES = { desktop: 10, phone: 2 };

const readBuffer = Buffer.allocUnsafe(1 << 20);

/**
 * @typedef {{ port: number, match: string, team: string, offsets: { sheets: number, events: number } }} Final
 * @typedef {(bytes: Buffer, from: number, to: number) => void} Take
 * @typedef {(raw: RawWebSocket, fan: Fan, final: Final) => { open?: () => void, text?: Take, binary?: Take }} Dialect
 */

/** When the k-th document and the k-th event came, in microseconds of the machine's clock; from 1. */
class Fan {
  /** @type {number[]} */
  sheets = [];
  /** @type {number[]} */
  events = [];
  bytes = 0;
  frames = 0;
  /** Offsets of the last ones before those, and of the last ones that came. */
  before = { sheets: 0, events: 0 };
  last = { sheets: 0, events: 0 };
  isReady = false;
  /** @type {string | undefined} */
  ended;
  /** @type {() => void} */
  ready = () => {};

  /** @param {number} rate of the ball */
  constructor(rate) {
    this.rate = rate;
  }

  begin() {
    this.sheets = [];
    this.events = [];
    this.bytes = 0;
    this.frames = 0;
    this.before = { ...this.last };
  }

  /** @param {'sheets' | 'events'} what @param {number} offset */
  take(what, offset) {
    this.last[what] = offset;
    this[what][offset - this.before[what] - 1] ??= nowUs();
  }
}

/** Engine.IO 4 packets with Socket.IO 5 packets in them, as the twin's page sends them. @type {Dialect} */
const socketio = (raw, fan, { match, team }) => {
  const ask = (/** @type {number} */ id, /** @type {string} */ what, /** @type {object} */ input) =>
    raw.sendText(`42${id}${JSON.stringify([what, input])}`);
  let numAnswered = 0;
  return {
    text(bytes, from, to) {
      const type = String.fromCharCode(bytes[from] ?? 0, bytes[from + 1] ?? 0);
      if (type === '42') {
        const event = bytes.toString('latin1', from + 2, Math.min(to, from + 12));
        if (event.startsWith('["sheet"')) fan.sheets.push(nowUs());
        else if (event.startsWith('["event"')) fan.events.push(nowUs());
      } else if (type === '43') {
        numAnswered += 1;
        if (numAnswered === 3) fan.ready();
      } else if (type[0] === '2') raw.sendText('3');
      else if (type[0] === '0') raw.sendText('40');
      else if (type === '40') {
        ask(1, 'watch match', { id: match });
        ask(2, 'watch ball', { id: match, rate: fan.rate });
        ask(3, 'watch alerts', { codes: [team] });
      }
    },
  };
};

/** What the page sends, by the rate of the ball. @type {Map<number, import('./fanfare-dialect.mjs').Greeting>} */
const greetings = new Map();
const fanfare = fanfareDialect((rate) => greetings.get(rate) ?? raise(`no fan has the rate ${rate}`));

/** @type {Readonly<Record<string, readonly [path: string, dialect: Dialect]>>} */
const DIALECTS = {
  fanfare: ['/connection/websocket?format=protobuf', fanfare],
  socketio: ['/socket.io/?EIO=4&transport=websocket', socketio],
};

/** @type {Fan[]} */
const fans = [];

/** @param {string} kind @param {Final} final @param {number} index */
function join(kind, final, index) {
  const [path, dialect] = DIALECTS[kind] ?? ['', fanfare];
  const fan = new Fan(index % DESKTOP_OF < DESKTOPS ? RATES.desktop : RATES.phone);
  fan.last = { ...final.offsets };
  fans.push(fan);
  return new Promise((resolve, reject) => {
    fan.ready = () => {
      fan.isReady = true;
      resolve(undefined);
    };
    const address = { host: '127.0.0.1', port: final.port, path, localAddress: `127.0.0.${2 + (index % 8)}` };
    const raw = new RawWebSocket(address, readBuffer, {
      onOpen: () => speaker.open?.(),
      onText: (bytes, from, to) => count(bytes, from, to, speaker.text),
      onBinary: (bytes, from, to) => count(bytes, from, to, speaker.binary),
      onEnd(reason) {
        fan.ended = reason;
        reject(new Error(reason));
      },
    });
    const speaker = dialect(raw, fan, final);
    /** @param {Buffer} bytes @param {number} from @param {number} to @param {Take | undefined} take */
    const count = (bytes, from, to, take) => {
      const length = to - from;
      fan.bytes += length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
      fan.frames += 1;
      take?.(bytes, from, to);
    };
  });
}

answerRequests({
  async join(/** @type {{ kind: string, count: number, final: Final }} */ { kind, count, final }) {
    if (kind === 'fanfare') {
      for (const rate of Object.values(RATES)) greetings.set(rate, await greetingOf(final, rate));
    }
    while (fans.length < count) {
      const first = fans.length;
      const group = Math.min(AT_ONCE, count - first);
      await Promise.all(Array.from({ length: group }, (_, index) => join(kind, final, first + index)));
    }
  },
  begin() {
    for (const fan of fans) fan.begin();
  },
  /** Resolves when everybody has the last of both; rejects when somebody does not get it. */
  async until(/** @type {{ sheets: number, events: number, withinMs: number }} */ { sheets, events, withinMs }) {
    const end = performance.now() + withinMs;
    for (const fan of fans) {
      while (fan.sheets.length < sheets || fan.events.length < events) {
        if (fan.ended !== undefined) throw new Error(`a fan was cut off: ${fan.ended}`);
        if (performance.now() > end) throw new Error(`a fan has ${fan.sheets.length} of ${sheets} documents`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  },
  /** From when it was due to when a fan had it, in milliseconds. */
  figures(/** @type {{ sheets: number[], events: number[], goals: number[] }} */ due) {
    const latencies = fans.flatMap((fan) => due.sheets.flatMap((dueUs, at) => lateness(fan.sheets[at], dueUs)));
    const bursts = due.goals.map((at) =>
      Math.max(...fans.map((fan) => lateness(fan.events[at], due.events[at] ?? 0)[0] ?? Number.POSITIVE_INFINITY)),
    );
    const missing = fans.reduce(
      (sum, fan) => sum + due.events.filter((_, at) => fan.events[at] === undefined).length,
      0,
    );
    const sorted = Float64Array.from(latencies).sort();
    const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
    return {
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
      sheetsOfFan: sorted.length / fans.length,
      bursts,
      missing,
      bytes: fans.reduce((sum, { bytes }) => sum + bytes, 0),
      frames: fans.reduce((sum, { frames }) => sum + frames, 0),
      cpuUs: process.cpuUsage().user + process.cpuUsage().system,
    };
  },
});

/** @param {number | undefined} cameUs @param {number} dueUs */
function lateness(cameUs, dueUs) {
  return cameUs === undefined ? [] : [(cameUs - dueUs) / 1e3];
}

/** @param {string} message @returns {never} */
function raise(message) {
  throw new Error(message);
}
