/** The messages as the page uses them, read from data that anybody may have published. */

import { maxNameLength, maxTextLength } from '../limits.js';

/** A client in a room. */
export interface Member {
  /** Id of its connection. */
  readonly client: string;
  readonly name: string;
}

/** A message as the server delivered it. */
export interface Received {
  readonly text: string;
  readonly author: Member;
  /** Its offset in the room's history. */
  readonly offset: number;
  /** Chosen by the sender. */
  readonly id?: string;
  readonly sentAtMs?: number;
}

/** The part of a publication that the page uses. */
export interface PublicationLike {
  readonly data: unknown;
  readonly offset?: number | undefined;
  readonly info?: ClientInfoLike | undefined;
}

export interface ClientInfoLike {
  readonly client: string;
  readonly chanInfo?: unknown;
}

/** Reads a publication. Anything but a message of this chat is shown as its JSON, not dropped. */
export function readMessage({ data, offset, info }: PublicationLike): Received {
  const fields = isRecord(data) ? data : {};
  const { text, name, id, sentAtMs } = fields;
  const shown = typeof text === 'string' ? text : JSON.stringify(data);
  return {
    text: shortened(shown, maxTextLength),
    author: authorOf(info, name),
    offset: offset ?? 0,
    ...(typeof id === 'string' && id !== '' && { id }),
    ...(typeof sentAtMs === 'number' && Number.isSafeInteger(sentAtMs) && sentAtMs >= 0 && { sentAtMs }),
  };
}

/** A member, by the name that the server has attached. */
export function readMember({ client, chanInfo }: ClientInfoLike): Member {
  const name = isRecord(chanInfo) && typeof chanInfo.name === 'string' ? chanInfo.name : '';
  return { client, name: cleanName(name) || `Guest ${client.slice(0, 4)}` };
}

/** A display name from what was typed: one line, trimmed, not too long. Empty if nothing is left. */
export function cleanName(text: string): string {
  const line = text.normalize('NFC').replace(/\s+/gu, ' ');
  // Removes control characters and marks that hide or reorder text; the joiner of emoji stays.
  const visible = line.replace(/(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}]/gu, '');
  return shortened(visible.trim(), maxNameLength).trim();
}

/** The beginning of a text, without half a character at the end. */
export function shortened(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '');
}

function authorOf(info: ClientInfoLike | undefined, name: unknown): Member {
  const claimed = typeof name === 'string' ? cleanName(name) : '';
  if (info === undefined) return { client: '', name: claimed || 'Server' };
  const member = readMember(info);
  const isNamed = isRecord(info.chanInfo) && typeof info.chanInfo.name === 'string';
  return isNamed || claimed === '' ? member : { ...member, name: claimed };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
