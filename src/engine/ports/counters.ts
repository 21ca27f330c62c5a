/** The engine's counters. Plain numbers, so that counting costs an addition; `observe/` reads them on demand. */

/** All values only grow until the process ends. */
export class Counters {
  connectionsOpened = 0;
  commands = 0;
  /** Publications accepted from clients and from the server. */
  publicationsIn = 0;
  /** Publications written to subscribers, one per subscriber. */
  publicationsOut = 0;
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  recoveries = 0;
  recoveriesFailed = 0;
  publicationsRecovered = 0;
  /** Channels whose subscribers were told that publications may have been missed between the broker and this node. */
  holesFound = 0;
  /** Attempts to apply a configuration, by outcome. */
  readonly configReloads = new Map<'ok' | 'failed', number>();
  /** When the current configuration was applied, by the wall clock. */
  configReloadedAtMs = 0;
  /** Revocations by their kind. */
  readonly revocations = new Map<string, number>();
  /** Commands refused by a rate, by the name of the limit. */
  readonly rateLimited = new Map<string, number>();
  readonly errorsByCode = new Map<number, number>();
  readonly disconnectsByCode = new Map<number, number>();
  readonly unsubscribesByCode = new Map<number, number>();
  /** Requests to the HTTP API: by method, then by HTTP status. */
  readonly apiRequests = new Map<string, Map<number, number>>();
  /** Calls that the HTTP API refused or that failed: by method, then by error code. */
  readonly apiErrors = new Map<string, Map<number, number>>();

  /** Adds one under a code or a name, which come from fixed tables, so the map stays small. */
  static add<Key>(map: Map<Key, number>, key: Key): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  /** Adds one under a name and a code. Names also come from fixed tables. */
  static addTo(maps: Map<string, Map<number, number>>, name: string, code: number): void {
    const map = maps.get(name) ?? new Map<number, number>();
    maps.set(name, map);
    Counters.add(map, code);
  }
}
