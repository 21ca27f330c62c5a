/** The keys of one Redis server, their types and their times to live, with the commands that the broker uses. */

import { type Reply, Status } from './reply.js';

interface StreamEntry {
  readonly id: number;
  readonly fields: readonly string[];
}

type Value =
  | { readonly type: 'string'; text: string }
  | { readonly type: 'hash'; readonly fields: Map<string, string> }
  | { readonly type: 'zset'; readonly scores: Map<string, number> }
  | { readonly type: 'stream'; entries: StreamEntry[]; lastId: number };

type Of<Type extends Value['type']> = Extract<Value, { type: Type }>;

interface Entry {
  readonly value: Value;
  /** Gone from then on. */
  expiresAtMs: number;
}

const ok = new Status('OK');
const wrongType = new Error('WRONGTYPE Operation against a key holding the wrong kind of value');
const idTooSmall = new Error('ERR The ID specified in XADD is equal or smaller than the target stream top item');

type Command = (keyspace: Keyspace, key: string, rest: readonly string[]) => Reply;

/** What the keys are, apart from those whose time is over. */
export type Snapshot = ReadonlyMap<string, Entry>;

export class Keyspace {
  #entries = new Map<string, Entry>();

  /** @param nowMs the server's clock, from whatever start */
  constructor(private readonly nowMs: () => number) {}

  /** @returns `undefined` for a command that it does not know */
  run([name = '', key = '', ...rest]: readonly string[]): Reply | undefined {
    return commands[name]?.(this, key, rest);
  }

  snapshot(): Snapshot {
    return structuredClone(this.#entries);
  }

  restore(snapshot: Snapshot): void {
    this.#entries = new Map(structuredClone(snapshot));
  }

  clear(): void {
    this.#entries.clear();
  }

  get now(): number {
    return this.nowMs();
  }

  entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.nowMs()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** @throws the error of another type */
  find<Type extends Value['type']>(key: string, type: Type): Of<Type> | undefined {
    const value = this.entry(key)?.value;
    if (value !== undefined && value.type !== type) throw wrongType;
    // safe: of that type
    return value as Of<Type> | undefined;
  }

  make<Type extends Value['type']>(key: string, type: Type, fresh: Of<Type>): Of<Type> {
    const known = this.find(key, type);
    if (known !== undefined) return known;
    this.#entries.set(key, { value: fresh, expiresAtMs: Number.POSITIVE_INFINITY });
    return fresh;
  }

  set(key: string, value: Value, expiresAtMs: number): void {
    this.#entries.set(key, { value, expiresAtMs });
  }

  delete(key: string): boolean {
    const isThere = this.entry(key) !== undefined;
    this.#entries.delete(key);
    return isThere;
  }

  hash(key: string): Map<string, string> | undefined {
    return this.find(key, 'hash')?.fields;
  }

  zset(key: string): Map<string, number> | undefined {
    return this.find(key, 'zset')?.scores;
  }

  /** Empty hashes and sets are no keys. */
  tidy(key: string): void {
    const value = this.entry(key)?.value;
    const size = value?.type === 'hash' ? value.fields.size : value?.type === 'zset' ? value.scores.size : 1;
    if (size === 0) this.#entries.delete(key);
  }
}

function sorted(scores: ReadonlyMap<string, number>): [string, number][] {
  return [...scores].sort(([a, one], [b, other]) => one - other || (a < b ? -1 : a > b ? 1 : 0));
}

function withScores(found: readonly [string, number][], isAsked: boolean): Reply {
  return found.flatMap(([member, score]) => (isAsked ? [member, String(score)] : [member]));
}

/** `(5` excludes 5; `-inf` and `+inf` are what they say. */
function bound(text: string): { readonly at: number; readonly isOpen: boolean } {
  const isOpen = text.startsWith('(');
  const bare = isOpen ? text.slice(1) : text;
  const at = bare === '-inf' ? Number.NEGATIVE_INFINITY : bare === '+inf' ? Number.POSITIVE_INFINITY : Number(bare);
  return { at, isOpen };
}

function byScore(keyspace: Keyspace, key: string, from: string, to: string): [string, number][] {
  const [low, high] = [bound(from), bound(to)];
  return sorted(keyspace.zset(key) ?? new Map()).filter(
    ([, score]) =>
      (low.isOpen ? score > low.at : score >= low.at) && (high.isOpen ? score < high.at : score <= high.at),
  );
}

function limited(found: readonly [string, number][], options: readonly string[]): Reply {
  const limit = options.indexOf('LIMIT');
  const [skip, most] = limit === -1 ? [0, found.length] : [Number(options[limit + 1]), Number(options[limit + 2])];
  return withScores(found.slice(skip, skip + most), options.includes('WITHSCORES'));
}

/** An id of a stream without its second part, which is always 0. `-` and `+` are the ends. */
function idOf(text: string): { readonly at: number; readonly isOpen: boolean } {
  if (text === '-') return { at: Number.NEGATIVE_INFINITY, isOpen: false };
  if (text === '+') return { at: Number.POSITIVE_INFINITY, isOpen: false };
  const { isOpen } = bound(text);
  return { at: Number((isOpen ? text.slice(1) : text).split('-')[0]), isOpen };
}

function range(keyspace: Keyspace, key: string, from: string, to: string, rest: readonly string[]): StreamEntry[] {
  const [low, high] = [idOf(from), idOf(to)];
  const entries = (keyspace.find(key, 'stream')?.entries ?? []).filter(
    ({ id }) => (low.isOpen ? id > low.at : id >= low.at) && (high.isOpen ? id < high.at : id <= high.at),
  );
  return rest[0] === 'COUNT' ? entries.slice(0, Number(rest[1])) : entries;
}

function shown(entries: readonly StreamEntry[]): Reply {
  return entries.map(({ id, fields }) => [`${id}-0`, fields]);
}

const commands: Readonly<Record<string, Command>> = {
  GET: (keyspace, key) => keyspace.find(key, 'string')?.text ?? null,
  SET: (keyspace, key, [text = '', , ms]) => {
    keyspace.set(
      key,
      { type: 'string', text },
      ms === undefined ? Number.POSITIVE_INFINITY : keyspace.now + Number(ms),
    );
    return ok;
  },
  DEL: (keyspace, key, rest) => [key, ...rest].filter((each) => keyspace.delete(each)).length,
  UNLINK: (keyspace, key, rest) => [key, ...rest].filter((each) => keyspace.delete(each)).length,
  EXISTS: (keyspace, key) => (keyspace.entry(key) === undefined ? 0 : 1),
  TYPE: (keyspace, key) => new Status(keyspace.entry(key)?.value.type ?? 'none'),
  PEXPIRE: (keyspace, key, [ms]) => {
    const entry = keyspace.entry(key);
    if (entry === undefined) return 0;
    entry.expiresAtMs = keyspace.now + Number(ms);
    return 1;
  },
  PTTL: (keyspace, key) => {
    const entry = keyspace.entry(key);
    if (entry === undefined) return -2;
    return entry.expiresAtMs === Number.POSITIVE_INFINITY ? -1 : Math.ceil(entry.expiresAtMs - keyspace.now);
  },
  HSET: (keyspace, key, rest) => {
    const { fields } = keyspace.make(key, 'hash', { type: 'hash', fields: new Map() });
    let numNew = 0;
    for (let n = 0; n + 1 < rest.length; n += 2) {
      const [field = '', text = ''] = rest.slice(n, n + 2);
      if (!fields.has(field)) numNew++;
      fields.set(field, text);
    }
    return numNew;
  },
  HGET: (keyspace, key, [field = '']) => keyspace.hash(key)?.get(field) ?? null,
  HMGET: (keyspace, key, rest) => {
    const fields = keyspace.hash(key);
    return rest.map((field) => fields?.get(field) ?? null);
  },
  HGETALL: (keyspace, key) => [...(keyspace.hash(key) ?? [])].flat(),
  HLEN: (keyspace, key) => keyspace.hash(key)?.size ?? 0,
  HEXISTS: (keyspace, key, [field = '']) => (keyspace.hash(key)?.has(field) === true ? 1 : 0),
  HDEL: (keyspace, key, rest) => {
    const fields = keyspace.hash(key);
    const num = rest.filter((field) => fields?.delete(field) === true).length;
    keyspace.tidy(key);
    return num;
  },
  HINCRBY: (keyspace, key, [field = '', by]) => {
    const { fields } = keyspace.make(key, 'hash', { type: 'hash', fields: new Map() });
    const sum = Number(fields.get(field) ?? 0) + Number(by);
    fields.set(field, String(sum));
    return sum;
  },
  ZADD: (keyspace, key, rest) => {
    const isNew = rest[0] === 'NX';
    const pairs = isNew ? rest.slice(1) : rest;
    const { scores } = keyspace.make(key, 'zset', { type: 'zset', scores: new Map() });
    let numNew = 0;
    for (let n = 0; n + 1 < pairs.length; n += 2) {
      const member = pairs[n + 1] ?? '';
      const isKnown = scores.has(member);
      if (!isKnown) numNew++;
      if (!isKnown || !isNew) scores.set(member, Number(pairs[n]));
    }
    return numNew;
  },
  ZREM: (keyspace, key, rest) => {
    const scores = keyspace.zset(key);
    const num = rest.filter((member) => scores?.delete(member) === true).length;
    keyspace.tidy(key);
    return num;
  },
  ZCARD: (keyspace, key) => keyspace.zset(key)?.size ?? 0,
  ZSCORE: (keyspace, key, [member = '']) => {
    const score = keyspace.zset(key)?.get(member);
    return score === undefined ? null : String(score);
  },
  ZRANGE: (keyspace, key, [from, to, option]) => {
    const all = sorted(keyspace.zset(key) ?? new Map());
    const end = Number(to) < 0 ? all.length + Number(to) : Number(to);
    return withScores(all.slice(Number(from), end + 1), option === 'WITHSCORES');
  },
  ZRANGEBYSCORE: (keyspace, key, [from = '', to = '', ...options]) =>
    limited(byScore(keyspace, key, from, to), options),
  ZREVRANGEBYSCORE: (keyspace, key, [to = '', from = '', ...options]) =>
    limited(byScore(keyspace, key, from, to).reverse(), options),
  /** `MAXLEN = size id field value …` */
  XADD: (keyspace, key, [, , size, id = '', ...fields]) => {
    const stream = keyspace.make(key, 'stream', { type: 'stream', entries: [], lastId: 0 });
    const number = Number(id.split('-')[0]);
    if (number <= stream.lastId) return idTooSmall;
    stream.entries.push({ id: number, fields });
    stream.lastId = number;
    const excess = stream.entries.length - Number(size);
    if (excess > 0) stream.entries.splice(0, excess);
    return id;
  },
  XDEL: (keyspace, key, [id = '']) => {
    const stream = keyspace.find(key, 'stream');
    if (stream === undefined) return 0;
    const left = stream.entries.filter((entry) => entry.id !== idOf(id).at);
    const num = stream.entries.length - left.length;
    stream.entries = left;
    return num;
  },
  XSETID: (keyspace, key, [id = '']) => {
    const stream = keyspace.find(key, 'stream');
    if (stream === undefined) return new Error('ERR no such key');
    stream.lastId = idOf(id).at;
    return ok;
  },
  XRANGE: (keyspace, key, [from = '', to = '', ...rest]) => shown(range(keyspace, key, from, to, rest)),
  XREVRANGE: (keyspace, key, [to = '', from = '', ...rest]) => {
    const all = range(keyspace, key, from, to, []).reverse();
    return shown(rest[0] === 'COUNT' ? all.slice(0, Number(rest[1])) : all);
  },
};
