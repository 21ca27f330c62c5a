/** The parts of AsyncAPI 3.0 that a contract is written in. See <https://www.asyncapi.com/docs/reference/specification/v3.0.0>. */

import type { SlowOption } from '../engine/channels/slow-policy.js';

/** Draft 7, AsyncAPI's default for a schema without a format. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Reference {
  readonly $ref: string;
}

export interface SpecMessage {
  readonly summary: string;
  /** Absent: JSON. */
  readonly contentType?: 'application/octet-stream';
  readonly payload: JsonSchema | Reference;
}

export interface SpecParameter {
  readonly description: string;
  /** It matches all remaining segments, and not only one. */
  readonly 'x-fanfare-rest'?: true;
}

export interface SpecChannel {
  /** `null`: it has no name, and no subscribers. */
  readonly address: string | null;
  readonly title?: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, SpecParameter>>;
  readonly messages: Readonly<Record<string, SpecMessage>>;
  readonly 'x-fanfare-pattern'?: string;
  readonly 'x-fanfare-history'?: { readonly size: number; readonly ttlSec: number; readonly read: string };
  readonly 'x-fanfare-recovery'?: 'stream' | 'cache';
  readonly 'x-fanfare-presence'?: { readonly read: string };
  readonly 'x-fanfare-join-leave'?: true | 'push';
  readonly 'x-fanfare-user-limited'?: true;
  readonly 'x-fanfare-delta'?: 'fossil';
  readonly 'x-fanfare-compaction'?: true;
  readonly 'x-fanfare-streams'?: { readonly of: 'text' | 'items'; readonly publish: string; readonly cancel: string };
  readonly 'x-fanfare-slow'?: SlowOption;
  readonly 'x-fanfare-max-rate'?: { readonly default?: number; readonly max?: number };
  readonly 'x-fanfare-max-message-bytes'?: number;
}

export interface SpecOperation {
  /** By the client: it publishes or calls, or it gets publications. */
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly summary: string;
  readonly security?: readonly Reference[];
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
  /** Who may; `application` where a function or a hook decides. */
  readonly 'x-fanfare-permission': string;
  /** Name of the procedure that is called. */
  readonly 'x-fanfare-procedure'?: string;
}

export interface SpecServer {
  readonly host: string;
  readonly pathname: string;
  readonly protocol: 'ws' | 'wss';
  readonly description: string;
  readonly security?: readonly Reference[];
  /** Clients without a token are accepted too. */
  readonly 'x-fanfare-anonymous'?: true;
}

export interface SecurityScheme {
  readonly type: 'http';
  readonly scheme: 'bearer';
  readonly bearerFormat?: 'JWT';
  readonly description: string;
}

/** What clients of a server can do, as an AsyncAPI document; plain JSON. */
export interface AsyncApiDocument {
  /** Version of the specification. */
  readonly asyncapi: '3.0.0';
  /** Title, version and description of the contract. */
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** Of all messages. */
  readonly defaultContentType: 'application/json';
  /** Where clients connect, by transport. */
  readonly servers: Readonly<Record<string, SpecServer>>;
  /** In the order in which names are matched. */
  readonly channels: Readonly<Record<string, SpecChannel>>;
  /** What clients can do, by name. */
  readonly operations: Readonly<Record<string, SpecOperation>>;
  /** Schemas and ways of authentication that the others refer to, by name. */
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  };
}
