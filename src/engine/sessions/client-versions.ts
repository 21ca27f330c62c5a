/** How many clients of which SDK are connected, by the name and version that they give themselves. */

/** The connected clients of one version. */
export interface ClientVersion {
  readonly name: string;
  readonly version: string;
  clients: number;
}

/** Most versions that are told apart; clients of further ones count as `other`. */
export const maxVersions = 32;
/** Anything else is no version of an SDK, and would only fill the metrics. */
const plain = /^[\w.+-]{0,32}$/;

export class ClientVersions {
  /** By name and version. */
  readonly #versions = new Map<string, ClientVersion>();
  readonly #other: ClientVersion = { name: 'other', version: 'other', clients: 0 };

  /** A client has connected; {@link left} has to follow. Text from the client, unchecked. */
  connected(name: string, version: string): ClientVersion {
    const entry = this.#find(name, version);
    entry.clients++;
    return entry;
  }

  left(entry: ClientVersion): void {
    entry.clients--;
  }

  /** Those with clients. */
  *[Symbol.iterator](): Iterator<ClientVersion> {
    for (const entry of this.#versions.values()) if (entry.clients > 0) yield entry;
    if (this.#other.clients > 0) yield this.#other;
  }

  #find(name: string, version: string): ClientVersion {
    if (!plain.test(name) || !plain.test(version)) return this.#other;
    // Neither has a space.
    const key = `${name} ${version}`;
    const known = this.#versions.get(key);
    if (known !== undefined) return known;
    if (this.#versions.size >= maxVersions && !this.#makeRoom()) return this.#other;
    const entry = { name, version, clients: 0 };
    this.#versions.set(key, entry);
    return entry;
  }

  /** Forgets a version without clients, so that names made up by one client do not stay for good. */
  #makeRoom(): boolean {
    for (const [key, { clients }] of this.#versions) if (clients === 0) return this.#versions.delete(key);
    return false;
  }
}
