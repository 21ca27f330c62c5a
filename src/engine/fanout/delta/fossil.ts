/**
 * The encoder of Fossil's delta format (https://fossil-scm.org/home/doc/tip/www/delta_format.wiki), which the official
 * SDKs decode. Our own, because others cut characters in half, which a string of JSON cannot carry.
 */

/** Bytes that are compared at least: a copy is written in 5 to 10. */
const minMatch = 12;

/** A match of this many bytes ends the search for a longer one. */
const enough = 48;

/** Most places of the base that are remembered. In a larger base they are further apart, so that the work stays linear. */
const maxPlaces = 8_192;

/** A changed value that is not longer is passed over without a search. */
const maxValueBytes = 16;

/** Most places with the same hash that are compared on each side of where a match is expected. */
const maxNeighbours = 4;

const digits = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~', 'latin1');
const [newline, copyOf, afterCopy, insertOf, end] = [10, 64, 44, 58, 59];

/**
 * The delta that makes `target` of `base`, or `undefined` if it would have more than `mostBytes`. Both are UTF-8, and so
 * is the result: copies begin and end where characters do.
 */
export function fossilDelta(base: Uint8Array, target: Uint8Array, mostBytes: number): Uint8Array | undefined {
  const output = new Output(target, mostBytes);
  const prefix = characterAtOrBefore(target, commonPrefix(base, target));
  const suffix = commonSuffix(base, target, prefix);
  output.number(target.length);
  output.byte(newline);
  if (prefix >= minMatch) output.copy(0, 0, prefix);
  const middleEnd = target.length - suffix;
  // What has changed in one place only needs no search.
  if (middleEnd - output.done > minMatch) copyMatches(base, target, middleEnd, output);
  if (suffix >= minMatch) output.copy(base.length - suffix, middleEnd, suffix);
  output.insertUntil(target.length);
  output.number(checksum(target));
  output.byte(end);
  return output.finish();
}

/** Writes copies of what the base has of the target up to `limit`, and what is between them. */
function copyMatches(base: Uint8Array, target: Uint8Array, limit: number, output: Output): void {
  let places: Places | undefined;
  const last = limit - minMatch;
  // How much further in the base the last copy was: so it goes on if values of the same length have changed.
  let shift = 0;
  for (let at = output.done; at <= last && !output.isFull; ) {
    // A short value of the same length needs no search.
    if (at === output.done) at = resumption(base, target, at, limit, shift);
    let from = at + shift;
    let length = matchLength(base, from, target, at, limit);
    if (length < minMatch) {
      places ??= new Places(base);
      from = places.bestFor(target, at, limit, from);
      length = matchLength(base, from, target, at, limit);
    }
    if (length < minMatch) {
      at++;
      continue;
    }
    let start = at;
    while (start > output.done && from > 0 && base[from - 1] === target[start - 1]) {
      start--;
      from--;
    }
    const stop = characterAtOrBefore(target, at + length);
    const aligned = characterAtOrAfter(target, start);
    if (stop - aligned >= minMatch) {
      shift = from - start;
      output.copy(aligned + shift, aligned, stop - aligned);
    }
    at = Math.max(stop, at + 1);
  }
}

/** Where the target soon goes on as the base does with the same shift; without such a place `at` itself. */
function resumption(base: Uint8Array, target: Uint8Array, at: number, limit: number, shift: number): number {
  for (let n = at; n < at + maxValueBytes; n++) {
    if (matchLength(base, n + shift, target, n, limit) >= minMatch) return n;
  }
  return at;
}

/** Places of the base by the hash of the bytes there. */
class Places {
  readonly #base: Uint8Array;
  readonly #mask: number;
  /** Where those of a hash begin in the list. */
  readonly #starts: Int32Array;
  /** By hash, and in order. */
  readonly #places: Int32Array;

  constructor(base: Uint8Array) {
    const step = Math.max(1, Math.ceil(base.length / maxPlaces));
    const numPlaces = Math.max(0, Math.floor((base.length - minMatch) / step) + 1);
    let size = 16;
    while (size < numPlaces) size *= 2;
    this.#base = base;
    this.#mask = size - 1;
    const starts = new Int32Array(size + 1);
    const slots = new Int32Array(numPlaces);
    for (let n = 0; n < numPlaces; n++) {
      const slot = hashAt(base, n * step) & this.#mask;
      slots[n] = slot;
      starts[slot] = (starts[slot] ?? 0) + 1;
    }
    // Where they end, until each is put in front of those that are already there.
    for (let slot = 1; slot <= size; slot++) starts[slot] = (starts[slot] ?? 0) + (starts[slot - 1] ?? 0);
    this.#places = new Int32Array(numPlaces);
    for (let n = numPlaces - 1; n >= 0; n--) {
      const slot = slots[n] ?? 0;
      const place = (starts[slot] ?? 0) - 1;
      starts[slot] = place;
      this.#places[place] = n * step;
    }
    this.#starts = starts;
  }

  /** The place of the longest match among those next to where it is expected; -1: none has the hash. */
  bestFor(target: Uint8Array, at: number, limit: number, expected: number): number {
    const slot = hashAt(target, at) & this.#mask;
    const first = this.#starts[slot] ?? 0;
    const end = this.#starts[slot + 1] ?? 0;
    let low = first;
    for (let high = end; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < expected) low = middle + 1;
      else high = middle;
    }
    let best = -1;
    let longest = 0;
    const stop = Math.min(end, low + maxNeighbours);
    for (let n = Math.max(first, low - maxNeighbours); n < stop; n++) {
      const place = this.#places[n] ?? 0;
      const length = matchLength(this.#base, place, target, at, limit);
      if (length <= longest) continue;
      longest = length;
      best = place;
      if (longest >= enough) break;
    }
    return best;
  }
}

/** A delta as it is written: what is not copied is inserted. */
class Output {
  readonly #target: Uint8Array;
  readonly #bytes: Uint8Array;
  #length = 0;
  /** How much of the target is written. */
  done = 0;

  constructor(target: Uint8Array, mostBytes: number) {
    this.#target = target;
    this.#bytes = new Uint8Array(Math.max(0, mostBytes));
  }

  /** Beyond the most bytes it goes on counting without writing. */
  get isFull(): boolean {
    return this.#length > this.#bytes.length;
  }

  finish(): Uint8Array | undefined {
    return this.isFull ? undefined : this.#bytes.subarray(0, this.#length);
  }

  copy(from: number, at: number, length: number): void {
    this.insertUntil(at);
    this.number(length);
    this.byte(copyOf);
    this.number(from);
    this.byte(afterCopy);
    this.done = at + length;
  }

  insertUntil(at: number): void {
    const length = at - this.done;
    if (length === 0) return;
    this.number(length);
    this.byte(insertOf);
    if (this.#length + length <= this.#bytes.length)
      this.#bytes.set(this.#target.subarray(this.done, at), this.#length);
    this.#length += length;
    this.done = at;
  }

  number(value: number): void {
    let shift = 0;
    while (shift < 30 && value >>> (shift + 6) !== 0) shift += 6;
    for (; shift >= 0; shift -= 6) this.byte(digits[(value >>> shift) & 63] ?? 0);
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }
}

/** The sum of its 32-bit words, the last of which is filled with zeros. */
function checksum(bytes: Uint8Array): number {
  const whole = bytes.length - (bytes.length % 4);
  let sum = 0;
  for (let i = 0; i < whole; i += 4) sum = (sum + wordAt(bytes, i)) | 0;
  for (let i = whole, shift = 24; i < bytes.length; i++, shift -= 8) sum = (sum + (byteAt(bytes, i) << shift)) | 0;
  return sum >>> 0;
}

/** Of the bytes that are compared at least. */
function hashAt(bytes: Uint8Array, at: number): number {
  let hash = Math.imul(wordAt(bytes, at), 0x9e37_79b1) ^ wordAt(bytes, at + 4);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b) ^ wordAt(bytes, at + 8);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (byteAt(bytes, at) << 24) | (byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)
  );
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function matchLength(base: Uint8Array, from: number, target: Uint8Array, at: number, limit: number): number {
  if (from < 0 || base[from] !== target[at]) return 0;
  const most = Math.min(base.length - from, limit - at);
  let length = 0;
  while (length < most && base[from + length] === target[at + length]) length++;
  return length;
}

function commonPrefix(base: Uint8Array, target: Uint8Array): number {
  return matchLength(base, 0, target, 0, target.length);
}

function commonSuffix(base: Uint8Array, target: Uint8Array, prefix: number): number {
  const most = Math.min(base.length, target.length - prefix);
  let length = 0;
  while (length < most && base[base.length - 1 - length] === target[target.length - 1 - length]) length++;
  return target.length - characterAtOrAfter(target, target.length - length);
}

function characterAtOrBefore(target: Uint8Array, at: number): number {
  while (at > 0 && at < target.length && isInside(target, at)) at--;
  return at;
}

function characterAtOrAfter(target: Uint8Array, at: number): number {
  while (at < target.length && isInside(target, at)) at++;
  return at;
}

/** Whether the byte there continues a character. */
function isInside(target: Uint8Array, at: number): boolean {
  return (byteAt(target, at) & 0xc0) === 0x80;
}
