/** Options for the description of a contract. */

import type { SchemaConverter } from './json-schema.js';

/** Which clients may connect. */
export interface ClientAccess {
  /** `application`: the application decides by token, cookies or headers. */
  readonly tokens: 'jwt' | 'application' | 'none';
  /** Clients without a token are accepted as anonymous. */
  readonly anonymous: boolean;
}

/** What the document says besides the declarations. */
export interface SpecOptions {
  /** Default: `Fanfare`. */
  readonly title?: string;
  /** Version of the contract, not of Fanfare. Default: `1.0.0`. */
  readonly version?: string;
  /** Precedes the general description. Markdown. */
  readonly description?: string;
  /** Where clients connect, `ws:` or `wss:`. Without a path: the application's. Default: `ws://localhost:8000`. */
  readonly url?: string;
  /** Default: by the options `auth` and `anonymous`; an {@link Authenticator} is assumed to use JWTs. */
  readonly access?: Partial<ClientAccess>;
  /** Called for schemas without a JSON Schema. Default: they are unknown. */
  readonly convert?: SchemaConverter;
  /** Called for each schema that JSON Schema cannot express. Default: a log line. */
  readonly onUnknown?: (unknown: UnknownSchema) => void;
}

/** A schema that is marked as unknown in the document. */
export interface UnknownSchema {
  /** `chat:{room}: what subscribers get`, `procedure add: its argument`. */
  readonly what: string;
  /** Why it cannot be expressed, for people. */
  readonly reason: string;
}
