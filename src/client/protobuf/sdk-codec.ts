/** What the SDK calls to write commands and to read replies. */

import type { TransportName } from 'centrifuge';
import { MessageReader, wholeText } from './message-reader.js';
import { MessageWriter } from './message-writer.js';
import { command, emulationRequest, type Fields, reply } from './schema.js';

/** The SDK's codec, as it calls it. */
interface TextCodec {
  encodeCommands(commands: readonly Fields[]): string;
  decodeReplies(frame: string): Fields[];
  applyDeltaIfNeeded(publication: Fields, base: Uint8Array | undefined): Fields;
}

/** As the SDK reads a response that does not end. */
type FirstReply = { readonly ok: true; readonly pos: number } | { readonly ok: false };

/** A reply that claims to be longer is none, but the page of a proxy. */
const maxReplyBytes = 64 * 1024 * 1024;

const binaryTransports: readonly TransportName[] = ['websocket', 'http_stream'];

export class SdkCodec {
  #isBinary = true;
  /** Whether a subscription has ever asked for deltas. */
  #mayHaveDeltas = false;

  /** @param transport of the attempt that begins */
  constructor(
    private readonly text: TextCodec,
    private readonly transport: () => TransportName,
  ) {}

  /** Called once for each attempt, before its first command. */
  name(): 'protobuf' | 'json' {
    this.#isBinary = binaryTransports.includes(this.transport());
    return this.#isBinary ? 'protobuf' : 'json';
  }

  encodeCommands(commands: readonly Fields[]): Uint8Array | string {
    if (!this.#isBinary) return this.text.encodeCommands(commands);
    const writer = new MessageWriter();
    for (const one of commands) {
      if (asksForDeltas(one)) this.#mayHaveDeltas = true;
      writer.delimited(command, one);
    }
    return writer.finish();
  }

  encodeEmulationRequest(request: Fields): Uint8Array {
    const writer = new MessageWriter();
    writer.fields(emulationRequest, request);
    return writer.finish();
  }

  decodeReplies(frame: string | ArrayBuffer | Uint8Array): Fields[] {
    if (typeof frame === 'string') return this.text.decodeReplies(frame);
    const reader = new MessageReader(frame instanceof Uint8Array ? frame : new Uint8Array(frame), this.#mayHaveDeltas);
    const replies: Fields[] = [];
    while (!reader.isAtEnd) replies.push(reader.delimited(reply));
    return replies;
  }

  /** Called for each publication of a subscription with deltas. In JSON whole data is a string, too. */
  applyDeltaIfNeeded(publication: Fields, base: Uint8Array | undefined): Fields {
    const { delta, data, [wholeText]: text = data } = publication as Fields & { readonly [wholeText]?: string };
    return this.text.applyDeltaIfNeeded({ delta, data: text }, base);
  }

  /** Where the first reply ends, if all of it is there. @throws if there is none */
  decodeReply(bytes: Uint8Array): FirstReply {
    const reader = new MessageReader(bytes);
    const end = reader.endOfDelimited();
    if (end !== undefined && end > maxReplyBytes) throw new Error('not a stream of messages in protobuf');
    return end === undefined || end > bytes.length ? { ok: false } : { ok: true, pos: end };
  }
}

function asksForDeltas({ subscribe }: Fields): boolean {
  return typeof subscribe === 'object' && subscribe !== null && 'delta' in subscribe;
}
