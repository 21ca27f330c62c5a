/** Runs the commands of one connection about one channel in order, while those about other channels proceed. */

import type { Command } from '../../model/command.js';

/** The commands about one channel that are running or waiting. */
export interface Line {
  readonly channel: string;
  length: number;
  lastKind: Command['kind'];
  /** What the command that entered last waits for; `undefined`: nothing. */
  before: Promise<void> | undefined;
  /** Resolves when that command is done, whatever its outcome. Set by the caller that runs it. */
  done: Promise<void> | undefined;
}

/** The channel of a command, by the name that the client has sent. */
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

/** Usually the commands under way are about one channel, which needs no map. */
export class CommandOrder {
  #first: Line | undefined;
  #others: Map<string, Line> | undefined;

  /** Adds a command to the line of its channel. One {@link leave} must follow once it is done. */
  enter(channel: string, kind: Command['kind']): Line {
    const line = this.#first?.channel === channel ? this.#first : this.#others?.get(channel);
    if (line === undefined) {
      const added: Line = { channel, length: 1, lastKind: kind, before: undefined, done: undefined };
      if (this.#first === undefined) this.#first = added;
      else {
        this.#others ??= new Map();
        this.#others.set(channel, added);
      }
      return added;
    }
    // An unsubscribe cancels a subscribe that is under way, so it does not wait for it.
    const takesBack = kind === 'unsubscribe' && line.lastKind === 'subscribe' && line.length === 1;
    line.length++;
    line.lastKind = kind;
    line.before = takesBack ? undefined : line.done;
    return line;
  }

  leave(line: Line): void {
    if (--line.length > 0) return;
    if (line === this.#first) this.#first = undefined;
    else if (this.#others?.delete(line.channel) && this.#others.size === 0) this.#others = undefined;
  }

  /** Whether the last command about the channel is an unsubscribe. */
  isLeaving(channel: string): boolean {
    const line = this.#first?.channel === channel ? this.#first : this.#others?.get(channel);
    return line?.lastKind === 'unsubscribe';
  }
}
