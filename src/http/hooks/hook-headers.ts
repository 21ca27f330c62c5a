/** Which of a client's headers a backend gets, and which headers it can trust. */

/** Names in lower case. */
export interface HeaderSelection {
  /** Of the HTTP request behind the connection. */
  readonly headers: readonly string[];
  /** Headers from the connect command, because browsers cannot set real ones on a WebSocket. */
  readonly emulatedHeaders: readonly string[];
  /** The same for all calls; clients cannot change them. */
  readonly staticHeaders: Readonly<Record<string, string>>;
}

/** Tells a backend which headers come from the connect command. */
const emulatedHeader = 'X-Fanfare-Emulated';

/** Headers with a client's address, which the server determines and clients cannot set. */
const addressHeaders: ReadonlySet<string> = new Set(['x-real-ip', 'x-forwarded-for']);

/** RFC 9110 section 5.5, restricted to what Node accepts. */
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const maxValueLength = 8_192;

function isHeaderValue(value: string): boolean {
  return value.length <= maxValueLength && headerValue.test(value);
}

/** The client that a call is about. */
export interface HeaderSource {
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
}

/** A real header precedes an emulated one of the same name; static headers are neither. */
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
 * Emulated headers of connected clients, for hooks after `connect`. They are keyed by the connection's headers object,
 * and freed with it.
 */
export class StandIns {
  readonly #byHeaders = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>();
  #names: ReadonlySet<string>;

  /** @param names headers that any hook asks for, in lower case */
  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** Changes the names, for new clients. @param names in lower case */
  set names(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** Keeps headers that hooks may get, except invalid ones. */
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
