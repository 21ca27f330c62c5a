/** Keeps the commands of one connection about one channel in their order, while those about others go on. */

import type { Command } from '../../model/command.js';

/** The commands about one channel that are under way or wait. */
interface Line {
  readonly channel: string;
  length: number;
  /** Resolves when the last of them is done. */
  done: Promise<void>;
  lastKind: Command['kind'];
}

/** Does a command once `before` has come about, and resolves when that is done, whatever came of it. */
type Execute = (command: Command, channel: string, before: Promise<void> | undefined) => Promise<void>;

/** The channel that a command is about, by the name that the client gave. */
export function channelOf(command: Command): string | undefined {
  switch (command.kind) {
    case 'subscribe':
    case 'history':
      return command.request.channel;
    case 'unsubscribe':
    case 'publish':
    case 'presence':
    case 'presenceStats':
    case 'subRefresh':
      return command.channel;
    default:
      return undefined;
  }
}

/** Mostly one channel is spoken of at a time, and that one needs no map. */
export class CommandOrder {
  #first: Line | undefined;
  #others: Map<string, Line> | undefined;

  constructor(private readonly execute: Execute) {}

  /** Starts a command, at once when nothing precedes it. */
  start(command: Command, channel: string): void {
    const { kind } = command;
    const line = this.#find(channel);
    if (line === undefined) {
      this.#add({ channel, length: 1, done: this.execute(command, channel, undefined), lastKind: kind });
      return;
    }
    // An unsubscribe takes back a subscribe that is under way, and need not wait for what will not be.
    const takesBack = kind === 'unsubscribe' && line.lastKind === 'subscribe' && line.length === 1;
    line.length++;
    line.lastKind = kind;
    line.done = this.execute(command, channel, takesBack ? undefined : line.done);
  }

  /** A command that was started is done. */
  finish(channel: string): void {
    const line = this.#find(channel);
    if (line === undefined || --line.length > 0) return;
    if (line === this.#first) this.#first = undefined;
    else if (this.#others?.delete(channel) && this.#others.size === 0) this.#others = undefined;
  }

  /** An unsubscribe of the channel waits, and nothing behind it. */
  isLeaving(channel: string): boolean {
    return this.#find(channel)?.lastKind === 'unsubscribe';
  }

  #find(channel: string): Line | undefined {
    return this.#first?.channel === channel ? this.#first : this.#others?.get(channel);
  }

  #add(line: Line): void {
    if (this.#first === undefined) {
      this.#first = line;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(line.channel, line);
  }
}
