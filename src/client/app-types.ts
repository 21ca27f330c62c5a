/** Types that the client derives from the server's declarations, `type App = typeof app`. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type {
  ChannelNameOf,
  ChannelSchemas,
  Declared,
  MessageInputOf,
  MessageOf,
  ProcedureTable,
} from '../engine/channels/channel-types.js';
import type { ChannelOptions } from './channel-events.js';

/** The part of an application's type that a client needs. Used as `App`, it stands for any server. */
export interface AnyApp {
  /** Carries the types of channels and procedures; has no value at run time. */
  readonly types: { readonly channels: ChannelSchemas; readonly procedures: ProcedureTable };
}

type ChannelsOf<App extends AnyApp> = App['types']['channels'];
type ProceduresOf<App extends AnyApp> = App['types']['procedures'];

/** Accepts names of declared channels, or every name if the compiler does not know the patterns. */
export type KnownChannel<App extends AnyApp, Name extends string> = string extends keyof ChannelsOf<App>
  ? Name
  : ChannelNameOf<ChannelsOf<App>, Name>;

/** What a subscriber of the channel receives. */
export type DataOf<App extends AnyApp, Name extends string> = string extends keyof ChannelsOf<App>
  ? unknown
  : MessageOf<ChannelsOf<App>, Name>;

/** What may be published to the channel. */
export type InputOf<App extends AnyApp, Name extends string> = string extends keyof ChannelsOf<App>
  ? unknown
  : MessageInputOf<ChannelsOf<App>, Name>;

/** The options of the channel as a rest parameter: of one with bytes they have to say so. */
export type OptionsOf<App extends AnyApp, Name extends string, Options = ChannelOptions> = [DataOf<App, Name>] extends [
  never,
]
  ? [options?: Options]
  : [DataOf<App, Name>] extends [Uint8Array]
    ? [options: Options & { readonly bytes: true }]
    : [options?: Options];

/** Accepts names of declared procedures; for any other name it is the union of those. */
export type KnownProcedure<App extends AnyApp, Name extends string> = Name extends keyof ProceduresOf<App>
  ? Name
  : Declared<ProceduresOf<App>, NoProceduresDeclared>;

/** No value has this type: the application declares no `rpc`. */
export type NoProceduresDeclared = string & { readonly rpc: 'none are declared' };

type ArgumentOf<App extends AnyApp, Name extends keyof ProceduresOf<App>> = StandardSchemaV1.InferInput<
  ProceduresOf<App>[Name]['input']
>;

/** The argument of a procedure as a rest parameter: one that may be `undefined` may be left out. */
export type ArgumentsOf<App extends AnyApp, Name extends string> = Name extends keyof ProceduresOf<App>
  ? undefined extends ArgumentOf<App, Name>
    ? [argument?: ArgumentOf<App, Name>]
    : [argument: ArgumentOf<App, Name>]
  : // Its name appears in the compile error.
    [argument?: unknown];

/** The result of a procedure. */
export type ResultOf<App extends AnyApp, Name extends string> = Name extends keyof ProceduresOf<App>
  ? ProceduresOf<App>[Name]['output']
  : never;
