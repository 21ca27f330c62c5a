// @ts-check
/** The subscribers with the same options: the official SDK, which checks every message, and many that must get what it gets. */
import { Replayer } from './replayer.mjs';
import { subscribe } from './subscribers.mjs';

/** Opened at the same time, for the queue of the kernel. */
const AT_ONCE = 100;

/** @typedef {import('./rows.mjs').Option} Option */

export class Group {
  /** @type {Option[]} */
  #options;
  #port;
  #load;
  /** @type {import('./subscribers.mjs').Subscriber | undefined} */
  #checker;
  /** @type {Replayer[]} */
  #replayers = [];
  /** What the checker is to get, in order. @type {string[]} */
  #due = [];
  /** Frames of all replayers. */
  #replayed = 0;
  /** @type {Error | undefined} */
  #failure;
  /** @type {{ frames: number, bytes: number }} */
  #before = { frames: 0, bytes: 0 };

  /**
   * @param {Option[]} options
   * @param {number} port of a Fanfare
   * @param {import('./loads.mjs').Load} load
   */
  constructor(options, port, load) {
    this.#options = options;
    this.#port = port;
    this.#load = load;
  }

  /** Resolves when the official SDK is subscribed; rejects when the server declines an option. */
  async join() {
    const row = { server: /** @type {const} */ ('fanfare'), options: this.#options };
    const checker = await subscribe(row, this.#port, this.#load, (text) => this.#check(text));
    this.#checker = checker;
    const declined = checker.declined();
    if (declined !== undefined) throw new Error(`the server declines ${declined}`);
  }

  /**
   * Resolves when all others are subscribed, too.
   * @param {number} size of the group
   */
  async fill(size) {
    const greeting = this.#checker?.greeting() ?? '';
    while (this.#replayers.length < size - 1) {
      const some = Math.min(AT_ONCE, size - 1 - this.#replayers.length);
      await Promise.all(Array.from({ length: some }, () => this.#replay(greeting)));
    }
  }

  /**
   * @param {string | Uint8Array} greeting
   * @returns {Promise<void>}
   */
  #replay(greeting) {
    return new Promise((resolve, reject) => {
      const replayer = new Replayer(this.#port, this.#options, greeting, {
        onReady: resolve,
        onFrame: () => {
          this.#replayed += 1;
        },
        onEnd: (reason) => {
          this.#failure ??= new Error(`a connection was lost: ${reason}`);
          reject(this.#failure);
        },
      });
      this.#replayers.push(replayer);
    });
  }

  /** @param {string} text */
  #check(text) {
    if (this.#due.shift() !== text) this.#failure ??= new Error('a publication is not the one that was due');
  }

  /**
   * Before a publication, whether or not it passes the group's filter. @returns how many deliveries it makes
   * @param {{ text: string, passes: boolean }} publication
   */
  expect({ text, passes }) {
    if (this.#options.includes('filter') && !passes) return 0;
    this.#due.push(text);
    return this.#replayers.length + 1;
  }

  begin() {
    this.#before = this.#now();
    this.#replayed = 0;
    for (const replayer of this.#replayers) Object.assign(replayer, { frames: 0, bytes: 0 });
  }

  #now() {
    return { frames: this.#checker?.frames() ?? 0, bytes: this.#checker?.bytes() ?? 0 };
  }

  /** Whether everything has arrived. Throws when something did that should not. */
  isComplete() {
    if (this.#failure !== undefined) throw this.#failure;
    const frames = this.#now().frames - this.#before.frames;
    return this.#due.length === 0 && this.#replayed >= frames * this.#replayers.length;
  }

  /** Bytes of all since it began, as the checker's socket has read them. Throws when another one got something else. */
  end() {
    const now = this.#now();
    const [frames, bytes] = [now.frames - this.#before.frames, now.bytes - this.#before.bytes];
    const [first] = this.#replayers;
    for (const replayer of this.#replayers) {
      if (replayer.frames !== frames || replayer.bytes !== first?.bytes) {
        throw new Error(
          `of ${frames} frames a subscriber got ${replayer.frames}, with ${replayer.bytes} bytes of ${first?.bytes}`,
        );
      }
    }
    return bytes * (this.#replayers.length + 1);
  }

  close() {
    this.#checker?.close();
    for (const replayer of this.#replayers) replayer.close();
  }
}
