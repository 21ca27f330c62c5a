/** Which of a client's headers a backend gets to see, and which of its own it can rely on. */

/** Names in lower case. */
export interface HeaderSelection {
  /** Of the HTTP request behind the connection. */
  readonly headers: readonly string[];
  /** Of those that clients claim in their first command, because browsers cannot set real ones on a WebSocket. */
  readonly emulatedHeaders: readonly string[];
  /** The same for all calls; not client's to change. */
  readonly staticHeaders: Readonly<Record<string, string>>;
}

/** Tells a backend which of the headers are a client's mere word. */
const emulatedHeader = 'X-Fanfare-Emulated';

/** Headers that say where a client is: they carry the address that the server itself believes, never the client's word. */
const addressHeaders: ReadonlySet<string> = new Set(['x-real-ip', 'x-forwarded-for']);

/** RFC 9110 section 5.5, in what Node takes for a header. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const maxValueLength = 8_192;

function isHeaderValue(value: string): boolean {
  return value.length <= maxValueLength && headerValue.test(value);
}

/** What a call is about: a client that connects or is connected. */
export interface HeaderSource {
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
}

/** A real header goes before a claimed one of the same name, and what is static is neither. */
export function selectHeaders(
  selection: HeaderSelection,
  source: HeaderSource,
  standIns: ReadonlyMap<string, string>,
): Record<string, string> {
  const selected: Record<string, string> = { ...selection.staticHeaders };
  const real = new Set<string>();
  for (const name of selection.headers) {
    const value = addressHeaders.has(name) ? source.remoteAddress : source.headers.get(name);
    if (value === undefined || !isHeaderValue(value)) continue;
    selected[name] = value;
    real.add(name);
  }
  const emulated: string[] = [];
  for (const name of selection.emulatedHeaders) {
    const value = standIns.get(name);
    if (value === undefined || real.has(name)) continue;
    selected[name] = value;
    emulated.push(name);
  }
  if (emulated.length > 0) selected[emulatedHeader] = emulated.join(', ');
  return selected;
}

const none: ReadonlyMap<string, string> = new Map();

/**
 * The headers that connected clients once claimed: the hooks after `connect` are told of them, too. They are kept by
 * the connection's own headers, and go with those.
 */
export class StandIns {
  readonly #byHeaders = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>();
  #names: ReadonlySet<string>;

  /** @param names those that any hook asks for, in lower case */
  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** Of clients to come, these. @param names in lower case */
  set names(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** Keeps what a hook may be told. What cannot be a header is left out. */
  keep(headers: ReadonlyMap<string, string>, claimed: ReadonlyMap<string, string>): void {
    if (this.#names.size === 0 || claimed.size === 0) return;
    const kept = new Map<string, string>();
    for (const [claimedName, value] of claimed) {
      const name = claimedName.toLowerCase();
      if (this.#names.has(name) && isHeaderValue(value)) kept.set(name, value);
    }
    this.#byHeaders.set(headers, kept);
  }

  of(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    return this.#byHeaders.get(headers) ?? none;
  }
}
