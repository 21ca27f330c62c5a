// @ts-check
/** One player of the benchmark, over a raw connection in JSON: presses keys 20 times a second, and looks at one other ship. */
import { RawWebSocket } from '../client/raw-websocket.mjs';

/** Each bot of a room counts its steps in a range of its own, so that a tick tells whose ship is whose. */
const STEPS_OF_BOT = 6_500;
const STEPS_PER_INPUT = 3;
const STEP_MS = 1_000 / 60;
/** Of the codec of ticks: examples/arena/game/tick-codec.ts. */
const HEAD_BYTES = 9;
const SHIP_BYTES = 14;
const ACK_AT = 2;

const DATA = Buffer.from('"data":"');
const RESULT = Buffer.from('"rpc":{"data":');
const QUOTE = 0x22;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const readBuffer = Buffer.allocUnsafe(1 << 20);

export class Bot {
  /** Its place among the bots of its room, 0 to 9. */
  index = 0;
  room = '';
  /** @type {Bot | undefined} whose ship it looks at */
  target;
  /** @type {string | undefined} */
  ended;
  /** When each input was pressed, by its place. */
  #pressedAtMs = new Float64Array(Math.ceil(STEPS_OF_BOT / STEPS_PER_INPUT));
  #numInputs = 0;
  /** Inputs of the target that it has seen. */
  #numSeen = 0;
  #lastId = 10;
  #keys = 4;
  #lastTick = 0;
  /** @type {RawWebSocket | undefined} */
  #socket;
  /** @type {((line: string) => void)[]} */
  #answers = [];
  numTicks = 0;
  numLost = 0;

  /** @param {number} port @param {number} number @param {(latencyMs: number) => void} onSeen */
  constructor(port, number, onSeen) {
    this.onSeen = onSeen;
    this.number = number;
    const address = { host: '127.0.0.1', port, path: '/connection/websocket', localAddress: undefined };
    this.opened = new Promise((resolve) => {
      this.#socket = new RawWebSocket(address, readBuffer, {
        onOpen: () => resolve(undefined),
        onText: (bytes, from, to) => this.#read(bytes, from, to),
        onEnd: (reason) => {
          this.ended = reason;
          resolve(undefined);
          for (const answer of this.#answers.splice(0)) answer(`{"error":${JSON.stringify(reason)}}`);
        },
      });
    });
  }

  /** Gets a place in a room, and its ticks. */
  async play() {
    await this.opened;
    await this.#ask({ connect: { token: `bench-player-${String(this.number).padStart(12, '0')}` } });
    const reply = await this.#ask({ rpc: { method: 'play', data: { name: `b${this.number}` } } });
    const { rpc } = JSON.parse(reply.slice(reply.indexOf('{"id"')).split('\n')[0] ?? '');
    if (rpc === undefined) throw new Error(`no place: ${reply}`);
    this.room = rpc.data.room;
    await this.#ask({ subscribe: { channel: `state:${this.room}` } });
  }

  /** What was pressed since the last call; a page sends it within the step in which it was pressed. */
  press() {
    if (this.ended !== undefined) return;
    const first = this.index * STEPS_OF_BOT + 1 + this.#numInputs * STEPS_PER_INPUT;
    if (this.#numInputs % 7 === 0)
      this.#keys = 4 | ((this.number + this.#numInputs) % 4) | (this.#numInputs % 2 ? 8 : 0);
    const bytes = Buffer.of(first >> 8, first & 0xff, this.#keys, this.#keys, this.#keys);
    this.#pressedAtMs[this.#numInputs++] = performance.now() - Math.random() * STEP_MS;
    const publish = { channel: `input:${this.room}`, data: bytes.toString('base64') };
    this.#socket?.sendText(JSON.stringify({ id: ++this.#lastId, publish }));
  }

  /** Whether its numbers are used up. */
  get isSpent() {
    return this.#numInputs >= this.#pressedAtMs.length - 1;
  }

  /** @param {number} index */
  pressedAtMs(index) {
    return this.#pressedAtMs[index] ?? Number.NaN;
  }

  destroy() {
    this.#socket?.destroy();
  }

  /** @param {object} command @returns {Promise<string>} */
  async #ask(command) {
    if (this.ended !== undefined) throw new Error(`a player was cut off: ${this.ended}`);
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#socket?.sendText(JSON.stringify({ id: ++this.#lastId, ...command }));
    });
  }

  /** @param {Buffer} bytes @param {number} from @param {number} to */
  #read(bytes, from, to) {
    // A ping, which is an empty object, before whatever else is in its frame.
    if (bytes[from] === BRACE && bytes[from + 1] === BRACE_END) {
      this.#socket?.sendText('{}');
      if (to - from === 2) return;
    }
    const answer = this.#answers.shift();
    if (answer !== undefined) {
      const line = bytes.toString('utf8', from, to);
      // A tick that came before the answer.
      if (line.includes('"id":')) answer(line);
      else this.#answers.unshift(answer);
    }
    // The frame alone: behind it is what was read before, a megabyte of it.
    const frame = bytes.subarray(from, to);
    if (frame.includes(RESULT)) return;
    for (let at = frame.indexOf(DATA); at !== -1; at = frame.indexOf(DATA, at + 1)) {
      const start = at + DATA.length;
      const end = frame.indexOf(QUOTE, start);
      if (end === -1) return;
      this.#look(Buffer.from(frame.toString('latin1', start, end), 'base64'));
    }
  }

  /** @param {Buffer} tick */
  #look(tick) {
    if (tick.length < HEAD_BYTES + 2) return;
    const number = tick.readUInt32BE(1);
    if (this.#lastTick !== 0) this.numLost += Math.max(0, number - this.#lastTick - 1);
    this.#lastTick = number;
    this.numTicks++;
    const { target } = this;
    if (target === undefined) return;
    const numShipsAt = HEAD_BYTES + 1 + tick.readUInt8(HEAD_BYTES);
    const numShips = tick.readUInt8(numShipsAt);
    const nowMs = performance.now();
    for (let ship = 0; ship < numShips; ship++) {
      const done = tick.readUInt16BE(numShipsAt + 1 + ship * SHIP_BYTES + ACK_AT) - target.index * STEPS_OF_BOT;
      if (done < 1 || done >= STEPS_OF_BOT) continue;
      // An input is in effect with its first step.
      for (; this.#numSeen * STEPS_PER_INPUT + 1 <= done; this.#numSeen++) {
        this.onSeen(nowMs - target.pressedAtMs(this.#numSeen));
      }
    }
  }
}
