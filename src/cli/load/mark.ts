/**
 * What a publication of a load contains: JSON of an exact size with the run, the channel, its number there and the time
 * when it was due, in digits of fixed width behind a byte that is found nowhere else, so that no JSON has to be parsed.
 */

/** `~` */
export const markByte = 0x7e;

const runAt = 1;
const channelAt = runAt + 4;
const sequenceAt = channelAt + 6;
const dueAt = sequenceAt + 9;

/** Bytes of a mark. */
export const markBytes = dueAt + 16;

export const maxRun = 9_999;
export const maxChannels = 1_000_000;
/** The smallest publication. */
export const minPayloadBytes = '{"mark":"","pad":""}'.length + markBytes;

export interface Mark {
  readonly run: number;
  /** From 0. */
  readonly channel: number;
  /** From 1. */
  readonly sequence: number;
  readonly dueUs: number;
}

/** Returns a function that makes the JSON of publications with this many bytes. */
export function payloadMaker(bytes: number): (mark: Mark) => string {
  const rest = `","pad":"${'x'.repeat(bytes - minPayloadBytes)}"}`;
  return (mark) => `{"mark":"${formatMark(mark)}${rest}`;
}

export function formatMark({ run, channel, sequence, dueUs }: Mark): string {
  return `~${digits(run, 4)}${digits(channel, 6)}${digits(sequence, 9)}${digits(dueUs, 16)}`;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** The marks of publications within reach; read one by one, since an object for each would cost more than the rest. */
export const markIn = {
  run: (bytes: Uint8Array, at: number) => decimal(bytes, at + runAt, 4),
  channel: (bytes: Uint8Array, at: number) => decimal(bytes, at + channelAt, 6),
  sequence: (bytes: Uint8Array, at: number) => decimal(bytes, at + sequenceAt, 9),
  dueUs: (bytes: Uint8Array, at: number) => decimal(bytes, at + dueAt, 16),
};

function decimal(bytes: Uint8Array, from: number, width: number): number {
  let value = 0;
  for (let at = from; at < from + width; at++) value = value * 10 + (bytes[at] ?? 48) - 48;
  return value;
}

/** Of data that was parsed; `undefined` if it is not from a load. */
export function markOf(data: unknown): Mark | undefined {
  if (typeof data !== 'object' || data === null || !('mark' in data) || typeof data.mark !== 'string') return undefined;
  const match = /^~(\d{4})(\d{6})(\d{9})(\d{16})$/.exec(data.mark);
  if (match === null) return undefined;
  const [, run, channel, sequence, dueUs] = match;
  return { run: Number(run), channel: Number(channel), sequence: Number(sequence), dueUs: Number(dueUs) };
}
