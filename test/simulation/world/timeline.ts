/** What happened in a simulation, for people: each line has its time, who it is about, and what. */

import type { Logger } from '../../../src/engine/ports/logger.js';
import type { HistoryEvent } from '../../chaos/history.js';

interface Words {
  readonly who: string;
  readonly text: string;
}

/** Put into words only for whoever reads it. */
type Line = { readonly atMs: number } & (Words | { readonly event: HistoryEvent });

/** Older ones are forgotten. */
const maxLines = 20_000;

export class Timeline {
  #lines: Line[] = [];

  constructor(private readonly nowMs: () => number) {}

  add(who: string, text: string): void {
    this.#add({ atMs: this.nowMs(), who, text });
  }

  event(event: HistoryEvent): void {
    this.#add({ atMs: event.atMs, event });
  }

  /** A node's log. @param onError called with what must never be written there */
  logOf(who: string, onError: (text: string) => void): Logger {
    const write = (level: string) => (fields: object, message: string) => {
      const text = `${level}: ${message}${causeOf(fields)}`;
      this.add(who, text);
      if (level === 'error') onError(`${who} has logged an error: ${message}${causeOf(fields)}`);
    };
    return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };
  }

  /** @param last so many lines */
  text(last = 200): string {
    return this.#lines
      .slice(-last)
      .map((line) => {
        const { who, text } = 'event' in line ? wordsOf(line.event) : line;
        return `${(line.atMs / 1_000).toFixed(4).padStart(10)} s  ${who.padEnd(10)} ${text}`;
      })
      .join('\n');
  }

  #add(line: Line): void {
    this.#lines.push(line);
    if (this.#lines.length > maxLines) this.#lines = this.#lines.slice(maxLines / 2);
  }

  /** The same for the same run. */
  digest(): string {
    return this.text(maxLines);
  }
}

function causeOf(fields: object): string {
  const { err, channel, reason } = fields as {
    readonly err?: unknown;
    readonly channel?: unknown;
    readonly reason?: unknown;
  };
  const parts = [channel, reason, err instanceof Error ? err.message : undefined].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function wordsOf(event: HistoryEvent): { readonly who: string; readonly text: string } {
  switch (event.kind) {
    case 'publish-invoked':
      return { who: event.channel, text: `${event.value} is published` };
    case 'publish-ok': {
      const { position } = event;
      return {
        who: event.channel,
        text: `${event.value} is acknowledged${position ? ` at ${position.offset}@${position.epoch}` : ''}`,
      };
    }
    case 'publish-failed':
      return { who: event.channel, text: `${event.value} is refused` };
    case 'publish-unknown':
      return { who: event.channel, text: `${event.value}: no answer` };
    case 'subscribed': {
      const { position, wasRecovering, recovered } = event;
      const where = position ? ` at ${position.offset}@${position.epoch}` : '';
      const how = wasRecovering ? (recovered ? ', recovered' : ', not recovered') : '';
      return { who: event.subscriber, text: `is subscribed to ${event.channel}${where}${how}` };
    }
    case 'delivered':
      return {
        who: event.subscriber,
        text: `gets ${event.value} of ${event.channel}${event.position ? ` at ${event.position.offset}` : ''}`,
      };
    case 'subscribing':
      return { who: event.subscriber, text: `has lost ${event.channel} (${event.code})` };
    case 'unsubscribed':
      return { who: event.subscriber, text: `is out of ${event.channel} (${event.code})` };
    case 'connected':
      return { who: event.subscriber, text: `is connected to ${event.node} as ${event.connection}` };
    case 'disconnected':
      return { who: event.subscriber, text: `has no connection (${event.code})${event.isFinal ? ', for good' : ''}` };
    case 'disconnect-ordered':
      return { who: event.subscriber, text: 'has been ordered away' };
    case 'connection-ended':
      return { who: event.subscriber, text: 'has been ordered away, and no node has its connection any more' };
    case 'presence-view':
      return { who: event.node, text: `sees in ${event.channel}: ${event.connections.join(', ') || 'nobody'}` };
    case 'history-view':
      return { who: event.channel, text: `history up to ${event.top.offset}@${event.top.epoch}` };
    case 'health-view':
      return { who: event.node, text: event.isReady ? 'is ready' : 'is not ready' };
    case 'fault-began':
      return { who: '*', text: `${event.name} …` };
    case 'fault-ended':
      return { who: '*', text: `… fault ${event.fault} is over` };
  }
}
