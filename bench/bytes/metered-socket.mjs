// @ts-check
/**
 * A WebSocket whose bytes are counted as they come from the network, and that reads dictionaries, which no SDK does: to the
 * client above it frames are as without.
 */
import { inflateRawSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { fieldOfFirst } from './protobuf-field.mjs';

/** The first byte of a frame of a server with a dictionary. */
const DEFLATED = 1;
/** Field 7 of the connect request, a varint: `flag` is 1. */
const FLAG_FIELD = Buffer.from([0x38, 1]);
/** Of the connect request in a command. */
const CONNECT_TAG = 0x22;
/** From the reply to the content of the dictionary: `connect`, `dict`, `data`. */
const CONTENT_PATH = [5, 13, 2];

/** @param {{ isProtobuf: boolean, deflate: boolean, dictionary: boolean }} options */
export function meteredSocket({ isProtobuf, deflate, dictionary: asks }) {
  /** @type {import('node:net').Socket | undefined} */
  let line;
  /** @type {WebSocket | undefined} */
  let opened;
  /** @type {Buffer | undefined} */
  let dictionary;
  /** @type {string | Uint8Array} */
  let greeting = '';
  let frames = 0;
  class Socket extends WebSocket {
    #hasAsked = !asks;

    /**
     * @param {string} url
     * @param {string | string[]} [protocols]
     */
    constructor(url, protocols) {
      super(url, protocols, { perMessageDeflate: deflate });
      opened = this;
      this.once('upgrade', (response) => {
        line = response.socket;
      });
    }

    /**
     * @override
     * @param {string | Uint8Array} frame
     */
    send(frame) {
      const sent = this.#hasAsked ? frame : withFlag(frame);
      this.#hasAsked = true;
      greeting ||= sent;
      super.send(sent);
    }

    /**
     * What its listeners get of a message.
     * @override
     * @param {string | symbol} event
     * @param {unknown[]} args
     */
    emit(event, ...args) {
      if (event === 'message') frames++;
      if (!asks || event !== 'message') return super.emit(event, ...args);
      const [data, isBinary] = /** @type {[Buffer | ArrayBuffer, boolean]} */ (args);
      const frame = Buffer.from(/** @type {ArrayBuffer} */ (data));
      if (dictionary === undefined) {
        dictionary = dictionaryIn(isBinary ? frame : String(frame));
        return super.emit(event, ...args);
      }
      const message = plainOf(frame, dictionary);
      return super.emit(event, isProtobuf ? new Uint8Array(message).buffer : message, isProtobuf);
    }
  }
  return {
    Socket,
    bytes: () => line?.bytesRead ?? 0,
    frames: () => frames,
    greeting: () => greeting,
    isDeflated: () => opened?.extensions.includes('permessage-deflate') === true,
    dictionary: () => dictionary,
  };
}

/**
 * The first frame, of the connect command alone or with others after it.
 * @param {string | Uint8Array} frame
 */
function withFlag(frame) {
  if (typeof frame === 'string') {
    const [first = '', ...others] = frame.split('\n');
    const { connect, ...rest } = JSON.parse(first);
    return [JSON.stringify({ ...rest, connect: { ...connect, flag: 1 } }), ...others].join('\n');
  }
  // Command: its length, its id (0x08 and a byte), the request's tag and length.
  const bytes = Buffer.from(frame);
  const [length = 0, , , tag, inner = 0] = bytes;
  if (tag !== CONNECT_TAG || length > 0x7d) throw new Error('not the connect command of the SDK');
  const end = 5 + inner;
  const head = [length + FLAG_FIELD.length, ...bytes.subarray(1, 4), inner + FLAG_FIELD.length];
  return Buffer.concat([Buffer.from(head), bytes.subarray(5, end), FLAG_FIELD, bytes.subarray(end)]);
}

/**
 * That in the reply to connect, in either codec; `undefined` if there is none.
 * @param {string | Buffer} frame
 */
function dictionaryIn(frame) {
  const isText = typeof frame === 'string';
  const deflated = isText
    ? JSON.parse(frame.split('\n', 1)[0] ?? '').connect?.dict?.data_b64
    : fieldOfFirst(frame, CONTENT_PATH);
  return deflated && inflateRawSync(isText ? Buffer.from(deflated, 'base64') : deflated);
}

/**
 * @param {Buffer} frame
 * @param {Buffer} dictionary
 */
function plainOf(frame, dictionary) {
  const message = frame.subarray(1);
  return frame[0] === DEFLATED ? inflateRawSync(message, { dictionary }) : message;
}
