/** What a program says about its contract beyond what its declarations say. */

import type { SchemaConverter } from './json-schema.js';

/** Who is let in. */
export interface ClientAccess {
  /** `application`: it decides by token, cookies or headers, as it likes. */
  readonly tokens: 'jwt' | 'application' | 'none';
  /** Clients that bring no token are let in, as nobody in particular. */
  readonly anonymous: boolean;
}

export interface SpecOptions {
  /** Default: `Fanfare`. */
  readonly title?: string;
  /** Version of the contract, not of Fanfare. Default: `1.0.0`. */
  readonly version?: string;
  /** Stands before what is said of every contract. Markdown. */
  readonly description?: string;
  /** Where clients connect, `ws:` or `wss:`. Without a path: the application's. Default: `ws://localhost:8000`. */
  readonly url?: string;
  /** Default: by the options `auth` and `anonymous`; an {@link Authenticator} is taken for one of JWTs. */
  readonly access?: Partial<ClientAccess>;
  /** Asked for schemas that tell no JSON Schema themselves. Default: they are unknown. */
  readonly convert?: SchemaConverter;
  /** Called for each schema that JSON Schema cannot say. Default: a log line. */
  readonly onUnknown?: (unknown: UnknownSchema) => void;
}

/** A schema that stands as unknown in the document. */
export interface UnknownSchema {
  /** `chat:{room}: what subscribers get`, `procedure add: its argument`. */
  readonly what: string;
  readonly reason: string;
}
