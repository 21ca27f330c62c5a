// @ts-check
/** One player of the benchmark, over a raw connection in protobuf, as the page has: presses keys 20 times a second, and looks at one other ship. */
import { RawWebSocket } from '../client/raw-websocket.mjs';
import { command, EMPTY, field, fieldsOf, messagesOf } from '../shared/protobuf.mjs';

/** Each bot of a room counts its steps in a range of its own, so that a tick tells whose ship is whose. */
const STEPS_OF_BOT = 6_500;
const STEPS_PER_INPUT = 3;
const STEP_MS = 1_000 / 60;
/** Of the codec of ticks: examples/arena/game/tick-codec.ts. */
const HEAD_BYTES = 9;
const SHIP_BYTES = 14;
const ACK_AT = 2;

/** Numbers of fields in client.proto of the protocol. */
const COMMAND = { connect: 4, subscribe: 5, publish: 7, rpc: 13 };
const REPLY = { id: 1, error: 2, push: 4, rpc: 13 };
const PUBLICATION = 4;
const DATA = 4;
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
  /** @type {{ resolve: (result: Buffer) => void, reject: (error: Error) => void } | undefined} of the one command that is under way */
  #asked;
  #inputField = EMPTY;
  numTicks = 0;
  numLost = 0;

  /** @param {number} port @param {number} number @param {(latencyMs: number) => void} onSeen */
  constructor(port, number, onSeen) {
    this.onSeen = onSeen;
    this.number = number;
    const address = { host: '127.0.0.1', port, path: '/connection/websocket?format=protobuf', localAddress: undefined };
    this.opened = new Promise((resolve) => {
      this.#socket = new RawWebSocket(address, readBuffer, {
        onOpen: () => resolve(undefined),
        onText: () => {},
        onBinary: (bytes, from, to) => this.#read(bytes, from, to),
        onEnd: (reason) => {
          this.ended = reason;
          resolve(undefined);
          this.#asked?.reject(this.#cutOff());
        },
      });
    });
  }

  /** Gets a place in a room, and its ticks. */
  async play() {
    await this.opened;
    const name = `b${this.number}`;
    await this.#ask(field(COMMAND.connect, field(1, `bench-player-${String(this.number).padStart(12, '0')}`)));
    const wish = Buffer.concat([field(1, JSON.stringify({ name })), field(2, 'play')]);
    const result = await this.#ask(field(COMMAND.rpc, wish));
    this.room = JSON.parse(result.toString()).room;
    this.#inputField = field(1, `input:${this.room}`);
    await this.#ask(field(COMMAND.subscribe, field(1, `state:${this.room}`)));
  }

  /** What was pressed since the last call; a page sends it within the step in which it was pressed. */
  press() {
    if (this.ended !== undefined) return;
    const first = this.index * STEPS_OF_BOT + 1 + this.#numInputs * STEPS_PER_INPUT;
    if (this.#numInputs % 7 === 0)
      this.#keys = 4 | ((this.number + this.#numInputs) % 4) | (this.#numInputs % 2 ? 8 : 0);
    const bytes = Buffer.of(first >> 8, first & 0xff, this.#keys, this.#keys, this.#keys);
    this.#pressedAtMs[this.#numInputs++] = performance.now() - Math.random() * STEP_MS;
    const publish = field(COMMAND.publish, Buffer.concat([this.#inputField, field(2, bytes)]));
    this.#socket?.sendBytes(command(++this.#lastId, publish));
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

  #cutOff() {
    return new Error(`a player was cut off: ${this.ended}`);
  }

  /** @param {Uint8Array} body @returns {Promise<Buffer>} what a procedure has returned */
  async #ask(body) {
    if (this.ended !== undefined) throw this.#cutOff();
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#socket?.sendBytes(command(++this.#lastId, body));
    });
  }

  /** @param {Buffer} bytes @param {number} from @param {number} to */
  #read(bytes, from, to) {
    for (const [first, body] of messagesOf(bytes, from, to)) {
      if (first === undefined) this.#socket?.sendBytes(EMPTY);
      else if (first.number === REPLY.push) this.#pushed(bytes, first);
      else if (first.number === REPLY.id) this.#answered(bytes, first.value, body);
    }
  }

  /** @param {Buffer} bytes @param {import('../shared/protobuf.mjs').Field} push */
  #pushed(bytes, push) {
    for (const { number, from, to } of fieldsOf(bytes, push.from, push.to)) {
      if (number !== PUBLICATION) continue;
      for (const data of fieldsOf(bytes, from, to)) {
        if (data.number === DATA) this.#look(bytes.subarray(data.from, data.to));
      }
    }
  }

  /** @param {Buffer} bytes @param {number} id @param {import('../shared/protobuf.mjs').Field | undefined} body */
  #answered(bytes, id, body) {
    // Of an input.
    if (this.#asked === undefined || id !== this.#lastId) return;
    const { resolve, reject } = this.#asked;
    this.#asked = undefined;
    if (body === undefined) return reject(new Error('an answer without a body'));
    const content = bytes.subarray(body.from, body.to);
    if (body.number === REPLY.error) return reject(new Error(`refused: ${content.toString('latin1')}`));
    const result = body.number === REPLY.rpc ? fieldsOf(bytes, body.from, body.to)[0] : undefined;
    resolve(Buffer.from(result === undefined ? EMPTY : bytes.subarray(result.from, result.to)));
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
