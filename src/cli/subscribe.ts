/** `fanfare subscribe`: a channel's publications, one JSON line each, until it is interrupted. */

import type { PublicationContext, Subscription } from 'centrifuge';
import { dataOf } from '../client/message.js';
import { protobuf } from '../client/protobuf/index.js';
import { toBase64 } from '../model/base64.js';
import { hexOfBytes, textOfBytes } from '../model/readable-bytes.js';
import { type ClientConnection, clientFlags, describeCode, openConnection } from './client-connection.js';
import { type Command, type CommandContext, exitCodes, failed, type ParsedArguments } from './command.js';
import { jsonLine } from './printable.js';
import { countFlag, rateFlag } from './values.js';

export const subscribe: Command = {
  name: 'subscribe',
  usage: '<channel> [flags]',
  about: [
    'Subscribes as a client, by the rule of the channel, and prints a JSON line for each publication until SIGINT.',
    'leftOut counts the publications before it that it was not sent, by the rule or since its line was too slow.',
    'In a channel of bytes a line has their size, b64data, and text, or hex if they are none.',
    'After a lost connection it comes back and goes on where it was, when the channel has a history.',
  ],
  flags: {
    ...clientFlags,
    history: { about: 'Print the newest publications of the history first, in order.', value: 'count' },
    count: { about: 'End after so many publications.', value: 'count' },
    'max-rate': {
      about: 'Ask for no more publications a second, in a map of each key, within what the rule allows (maxRate).',
      value: 'number',
    },
  },
  positionals: { min: 1, max: 1 },
  listsOptions: false,
  async run(parsed, context) {
    const lines = new PublicationLines(countFlag(parsed, 'count'), context);
    const numOfHistory = countFlag(parsed, 'history');
    const maxRate = rateFlag(parsed, 'max-rate');
    const connection = await openConnection(parsed, context, protobuf);
    if (connection === undefined) return exitCodes.failed;
    const attempt = await connection.connect();
    const reason = attempt.ok
      ? await follow(connection, parsed, lines, { numOfHistory, maxRate }, context)
      : attempt.reason;
    connection.client.disconnect();
    return reason === undefined ? exitCodes.ok : failed(context.terminal, reason);
  },
};

/** Prints each publication once and in order, even if it is both in the history and live. */
class PublicationLines {
  readonly #maxLines: number | undefined;
  readonly #print: (line: string) => void;
  #numLines = 0;
  #lastOffset = 0;
  /** Live publications that arrive while the history is being read; otherwise `undefined`. */
  #held: PublicationContext[] | undefined;

  constructor(maxLines: number | undefined, { terminal }: CommandContext) {
    this.#maxLines = maxLines;
    this.#print = terminal.out;
  }

  get isComplete(): boolean {
    return this.#numLines === this.#maxLines;
  }

  hold(): void {
    this.#held = [];
  }

  release(history: readonly PublicationContext[]): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const publication of [...history, ...held]) this.add(publication);
  }

  add(publication: PublicationContext): void {
    if (this.#held !== undefined) {
      this.#held.push(publication);
      return;
    }
    const { channel, data, offset, info, tags } = publication;
    if (this.isComplete || (offset !== undefined && offset <= this.#lastOffset)) return;
    const numLeftOut = offset === undefined || this.#lastOffset === 0 ? 0 : offset - this.#lastOffset - 1;
    this.#lastOffset = offset ?? this.#lastOffset;
    this.#numLines++;
    const leftOut = numLeftOut > 0 ? { leftOut: numLeftOut } : undefined;
    this.#print(jsonLine({ channel, ...dataFields(data), offset, ...leftOut, info, tags }));
  }

  /** After a loss the offsets may begin again. */
  restart(): void {
    this.#lastOffset = 0;
  }
}

const mostHex = 256;

/** In protobuf all data is bytes: what is no JSON stays that. */
function dataFields(sent: unknown): object {
  const data = dataOf(sent, false);
  if (!(data instanceof Uint8Array)) return { data };
  const text = textOfBytes(data);
  const readable = text === undefined ? { hex: hexOfBytes(data, mostHex).replaceAll('\n', ' ') } : { text };
  return { size: data.length, ...readable, b64data: toBase64(data) };
}

/** @returns why it ended; `undefined` if it was interrupted */
function follow(
  { client, subscriptionToken }: ClientConnection,
  { positionals: [channel = ''] }: ParsedArguments,
  lines: PublicationLines,
  { numOfHistory, maxRate }: { readonly numOfHistory: number | undefined; readonly maxRate: number | undefined },
  { terminal }: CommandContext,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const subscription = client.newSubscription(channel, {
      recoverable: true,
      ...(maxRate !== undefined && { data: { maxRate } }),
      ...(subscriptionToken && { getToken: () => subscriptionToken(channel) }),
    });
    if (numOfHistory !== undefined) lines.hold();
    const print = (publication: PublicationContext) => {
      lines.add(publication);
      if (lines.isComplete) resolve(undefined);
    };
    subscription.on('publication', print);
    subscription.once('subscribed', () => {
      terminal.err(`subscribed to ${channel}`);
      if (numOfHistory === undefined) return;
      readHistory(subscription, numOfHistory).then(
        (publications) => {
          lines.release(publications);
          if (lines.isComplete) resolve(undefined);
        },
        // safe: the SDK rejects with its error object, never with an Error
        (error: unknown) => resolve(`no history: ${describeCode(error as { code: number; message: string })}`),
      );
    });
    subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      if (!wasRecovering || recovered) return;
      lines.restart();
      terminal.err(`${terminal.styleErr('yellow', 'warning')} publications were missed and cannot be recovered`);
    });
    subscription.on('unsubscribed', (context) => {
      if (context.code !== 0) resolve(`not subscribed to ${channel}: ${describeCode(context)}`);
    });
    client.on('connecting', (context) => terminal.err(`connection lost: ${describeCode(context)}`));
    client.on('disconnected', (context) => {
      if (context.code !== 0) resolve(`the server has closed the connection: ${describeCode(context)}`);
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(undefined));
    subscription.subscribe();
  });
}

/** The newest publications, in order. */
async function readHistory(subscription: Subscription, limit: number): Promise<PublicationContext[]> {
  const { publications } = await subscription.history({ limit, reverse: true });
  return publications.toReversed();
}
