/** What the methods of the API answer, as docs/api/openapi.yaml describes it. */

export interface NodeFields {
  readonly uid: string;
  readonly version: string;
  readonly uptime: number;
  readonly num_clients: number;
  readonly num_users: number;
  readonly num_subs: number;
  readonly num_channels: number;
  readonly connections: number;
  readonly queue_bytes: number;
  readonly draining: boolean;
  readonly broker: string;
  readonly broker_delivering: boolean;
  readonly broker_keeping: boolean;
  readonly commands: number;
  readonly publications_in: number;
  readonly publications_out: number;
  readonly received_bytes: number;
  readonly sent_bytes: number;
  readonly recoveries: number;
  readonly recoveries_failed: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly disconnects: Readonly<Record<string, number>>;
  readonly process?: {
    readonly pid: number;
    readonly host: string;
    readonly lag_ms: number;
    readonly rss_bytes: number;
  };
}

export interface NodesResult {
  readonly nodes: readonly NodeFields[];
}

export interface ConnectionFields {
  readonly client: string;
  readonly user: string;
  readonly transport: string;
  readonly node: string;
  readonly connected_at: number;
  readonly num_subs: number;
  readonly queue_bytes: number;
}

export interface ConnectionsResult {
  readonly connections: readonly ConnectionFields[];
  readonly cursor?: string;
}

export interface SubscriptionFields {
  readonly channel: string;
  readonly rule: string;
  readonly server_side: boolean;
  readonly established: boolean;
  readonly recovery: string;
  readonly expire_at?: number;
}

export interface ConnectionDetails extends ConnectionFields {
  readonly protocol: string;
  readonly expire_at?: number;
  readonly address?: string;
  readonly user_agent?: string;
  readonly subscriptions: readonly SubscriptionFields[];
  readonly info: ClientInfo;
}

export interface ConnectionResult {
  readonly connection?: ConnectionDetails;
  readonly events: readonly EventFields[];
}

export interface EventFields {
  readonly id: string;
  readonly node: string;
  readonly time: number;
  readonly kind: 'refusal' | 'end';
  readonly level: 'info' | 'warn' | 'error';
  readonly check: string;
  readonly message: string;
  readonly count: number;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface EventsResult {
  readonly events: readonly EventFields[];
  readonly cursor: string;
  readonly cut: boolean;
}

export interface ChannelRow {
  readonly channel: string;
  readonly rule?: string;
  readonly num_clients: number;
  readonly num_publications: number;
}

export interface ChannelsResult {
  readonly channels: readonly ChannelRow[];
  readonly cursor?: string;
}

export interface RuleFields {
  readonly pattern: string;
  readonly data: 'json' | 'bytes' | 'base64';
  readonly subscribe: string;
  readonly publish: string;
  readonly history?: { readonly size: number; readonly ttl: number; readonly read: string };
  readonly map?: {
    readonly size: number;
    readonly max_bytes: number;
    readonly ttl?: number;
    readonly key: string;
    readonly presence?: string;
  };
  readonly recovery: string;
  readonly presence: string;
  readonly join_leave: string;
  readonly user_limited: boolean;
  /** Names, or `any`. */
  readonly filter_tags: readonly string[] | 'any';
  readonly max_message_bytes: number;
  readonly delta: boolean;
  readonly compaction: boolean;
  readonly batch_ms: number;
  readonly slow: string;
  /** Absent: subscribers have no rates. */
  readonly max_rate?: { readonly default?: number; readonly max?: number };
}

export interface ChannelResult {
  readonly channel: string;
  readonly rule: RuleFields;
  readonly num_clients: number;
  readonly num_publications: number;
  /** Subscribers for whom messages wait. */
  readonly num_slow: number;
  readonly schema?: JsonSchema;
  readonly position?: { readonly offset: number; readonly epoch: string };
}

export interface ClientInfo {
  readonly user: string;
  readonly client: string;
  readonly conn_info?: unknown;
  readonly chan_info?: unknown;
}

export interface PublicationFields {
  readonly data?: unknown;
  /** Instead of `data`, in a channel of bytes. */
  readonly b64data?: string;
  readonly offset?: number;
  readonly info?: ClientInfo;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface HistoryResult {
  readonly publications: readonly PublicationFields[];
  readonly offset: number;
  readonly epoch: string;
}

/** A page of a map. */
export interface MapResult {
  readonly entries: readonly (PublicationFields & { readonly key: string })[];
  readonly cursor?: string;
  readonly num_keys?: number;
}

export interface PresenceResult {
  readonly presence: Readonly<Record<string, ClientInfo>>;
}

export interface TailResult {
  readonly publications: readonly (PublicationFields & { readonly id: number; readonly time: number })[];
  readonly cursor: string;
  readonly cut: boolean;
}

export interface ConfigResult {
  readonly options: readonly OptionFields[];
}

export interface OptionFields {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly about: string;
}

/** As much of it as forms are made of. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: JsonSchema;
}
