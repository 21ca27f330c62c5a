/**
 * The SDK's codec, behind one that asks for a dictionary and reads frames compressed with it (PROTOCOL.md,
 * "Dictionaries"): one byte that says whether, and the frame.
 */

import type { TransportName } from 'centrifuge';
import { BoundedInflater } from './bounded-inflater.js';

type Fields = Readonly<Record<string, unknown>>;
type Frame = string | ArrayBuffer | Uint8Array;

/** A codec, as the SDK calls it. */
export interface FrameCodec {
  /** Called once for each attempt, before its first command. */
  name(): string;
  encodeCommands(commands: readonly Fields[]): Uint8Array | string;
  decodeReplies(frame: Frame): Fields[];
  applyDeltaIfNeeded(publication: Fields, base: Uint8Array | undefined): Fields;
  /** The codec of JSON has neither, since only protobuf needs them. */
  decodeReply?(bytes: Uint8Array): Fields;
  encodeEmulationRequest?(request: Fields): Uint8Array;
}

interface DictionaryCodecOptions {
  readonly inner: FrameCodec;
  /** Of the attempt that begins. */
  readonly transport: () => TransportName;
  /** What the connections of this client have in common; empty for nothing. */
  readonly profile: string;
  /** Of a frame, inflated. */
  readonly maxFrameBytes: number;
  /** Called at most once. */
  readonly onUnreadable: (why: string) => void;
}

/** Bit of `flag` in the connect command and its reply. */
const dictionaryFlag = 1;
/** The first byte of each frame after the reply to connect. */
const frameMarks = { plain: 0, deflated: 1 } as const;
/** DEFLATE refers back no farther. */
const windowBytes = 32_768;
const maxDictionaryBytes = 65_536;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface Held {
  readonly id: string;
  /** Absent if it could not be read: then frames can be read that are not compressed. */
  readonly inflater?: BoundedInflater;
}

export class DictionaryCodec implements FrameCodec {
  readonly #options: DictionaryCodecOptions;
  #isText = true;
  #asks = false;
  #isGivenUp = false;
  /** The last one, by which codec: a later connection names it. */
  readonly #held = new Map<boolean, Held>();
  /** Of the connection; absent if its frames have no marks. */
  #current: Held | undefined;

  constructor(options: DictionaryCodecOptions) {
    this.#options = options;
  }

  name(): string {
    const { inner, transport } = this.#options;
    const name = inner.name();
    this.#isText = name === 'json';
    this.#asks = !this.#isGivenUp && transport() === 'websocket';
    this.#current = undefined;
    return name;
  }

  encodeCommands(commands: readonly Fields[]): Uint8Array | string {
    return this.#options.inner.encodeCommands(this.#asks ? commands.map((command) => this.#asking(command)) : commands);
  }

  decodeReplies(frame: Frame): Fields[] {
    const { inner } = this.#options;
    if (this.#current !== undefined) return inner.decodeReplies(this.#read(frame, this.#current));
    const replies = inner.decodeReplies(frame);
    if (this.#asks) for (const { connect } of replies) if (isFields(connect)) this.#begin(connect);
    return replies;
  }

  applyDeltaIfNeeded(publication: Fields, base: Uint8Array | undefined): Fields {
    return this.#options.inner.applyDeltaIfNeeded(publication, base);
  }

  decodeReply(bytes: Uint8Array): Fields {
    return this.#options.inner.decodeReply?.(bytes) ?? {};
  }

  encodeEmulationRequest(request: Fields): Uint8Array {
    return this.#options.inner.encodeEmulationRequest?.(request) ?? new Uint8Array();
  }

  #asking(command: Fields): Fields {
    const { connect } = command;
    if (!isFields(connect)) return command;
    const { profile } = this.#options;
    const dict = this.#held.get(this.#isText)?.id;
    const asked = { ...connect, flag: dictionaryFlag, ...(dict && { dict }), ...(profile && { profile }) };
    return { ...command, connect: asked };
  }

  /** The frame with this reply was a usual one; all later ones have marks. */
  #begin({ flag, dict }: Fields): void {
    if ((Number(flag ?? 0) & dictionaryFlag) === 0 || !isFields(dict)) return;
    const id = String(dict.id);
    this.#current = { id };
    try {
      const held = this.#held.get(this.#isText);
      const deflated = contentOf(dict);
      if (deflated === undefined && held?.id !== id) throw new Error('the server names one that it has not sent');
      this.#current = deflated === undefined ? held : { id, inflater: this.#inflaterWith(deflated) };
      if (this.#current !== undefined) this.#held.set(this.#isText, this.#current);
    } catch (error) {
      this.#giveUp('the dictionary', error);
    }
  }

  /** What throws here ends the connection, as any frame does that is none: the next one is without a dictionary. */
  #read(frame: Frame, { inflater }: Held): string | Uint8Array {
    try {
      if (typeof frame === 'string') throw new Error('it is a text');
      const bytes = frame instanceof Uint8Array ? frame : new Uint8Array(frame);
      const plain = plainOf(bytes, inflater);
      return this.#isText ? decoder.decode(plain) : plain;
    } catch (error) {
      this.#giveUp('a frame compressed with the dictionary', error);
      throw error;
    }
  }

  #inflaterWith(deflated: Uint8Array): BoundedInflater {
    const content = new BoundedInflater(maxDictionaryBytes).inflate(deflated);
    return new BoundedInflater(this.#options.maxFrameBytes, content.slice(-windowBytes));
  }

  #giveUp(what: string, error: unknown): void {
    this.#held.clear();
    if (this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#options.onUnreadable(`${what} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** In base64 in JSON, as bytes in protobuf; `undefined` if the server has sent the id alone. */
function contentOf({ data_b64: base64, data }: Fields): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  if (typeof base64 !== 'string' || base64 === '') return undefined;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function plainOf(bytes: Uint8Array, inflater: BoundedInflater | undefined): Uint8Array {
  const [mark] = bytes;
  const rest = bytes.subarray(1);
  if (mark === frameMarks.plain) return rest;
  if (mark !== frameMarks.deflated) throw new Error(`its mark is ${mark}`);
  if (inflater === undefined) throw new Error('there is no dictionary for it');
  return inflater.inflate(rest);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
