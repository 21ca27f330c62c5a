// @ts-check
/**
 * The benchmark's publication: JSON of an exact size with its number and the time when it was due. The mark has a fixed
 * width and a byte found nowhere else, so that it is found in a frame of any protocol.
 */

export const MARK_BYTE = 0x7e; // "~"

const SEQUENCE_DIGITS = 10;
const TIME_DIGITS = 16;
const TIME_OFFSET = 1 + SEQUENCE_DIGITS + 1;

/** Bytes from the mark byte to the end of the mark. */
export const MARK_BYTES = TIME_OFFSET + TIME_DIGITS;

/** Smallest payload that can hold a mark: `{"mark":"…","pad":""}`. */
export const MIN_PAYLOAD_BYTES = '{"mark":"","pad":""}'.length + MARK_BYTES;

/** The machine's monotonic clock in microseconds: the same for all of its processes. */
export function nowUs() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}

/**
 * Returns a function that makes publications of `payloadBytes` bytes of JSON.
 * @param {number} payloadBytes
 * @returns {(sequence: number, dueUs: number) => { mark: string, pad: string }}
 */
export function payloadMaker(payloadBytes) {
  if (payloadBytes < MIN_PAYLOAD_BYTES) {
    throw new RangeError(`a payload has at least ${MIN_PAYLOAD_BYTES} bytes, not ${payloadBytes}`);
  }
  const pad = 'x'.repeat(payloadBytes - MIN_PAYLOAD_BYTES);
  return (sequence, dueUs) => ({ mark: markOf(sequence, dueUs), pad });
}

/**
 * @param {number} sequence
 * @param {number} dueUs
 */
function markOf(sequence, dueUs) {
  return `~${String(sequence).padStart(SEQUENCE_DIGITS, '0')}:${String(Math.floor(dueUs)).padStart(TIME_DIGITS, '0')}`;
}

/**
 * The number of the publication whose mark starts at `at`.
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export function sequenceAt(bytes, at) {
  return decimalAt(bytes, at + 1, SEQUENCE_DIGITS);
}

/**
 * The time, in microseconds, when the publication whose mark starts at `at` was due.
 * @param {Uint8Array} bytes
 * @param {number} at
 */
export function dueUsAt(bytes, at) {
  return decimalAt(bytes, at + TIME_OFFSET, TIME_DIGITS);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} digits
 */
function decimalAt(bytes, from, digits) {
  let value = 0;
  for (let i = from; i < from + digits; i++) value = value * 10 + (bytes[i] ?? 48) - 48;
  return value;
}
