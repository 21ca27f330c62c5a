/** Types that map a channel name to its declared pattern, and so to its messages, for client and server. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ChannelDeclaration } from './channel-options.js';
import type { ProcedureTypes, RpcDeclaration } from './rpc-options.js';

/** The schemas of an application's channels, by pattern. */
export type ChannelSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** The declarations that have these schemas, each typed by its own pattern. */
export type ChannelDeclarations<Channels extends ChannelSchemas> = {
  readonly [Pattern in keyof Channels]: ChannelDeclaration<Channels[Pattern], Pattern & string>;
};

/** The procedures of an application, by name. */
export type ProcedureTable = Readonly<Record<string, ProcedureTypes>>;

/** The declarations that have these arguments and results. */
export type RpcDeclarations<Procedures extends ProcedureTable> = {
  readonly [Name in keyof Procedures]: RpcDeclaration<Procedures[Name]>;
};

type MatchesSegment<Part extends string, Value extends string> = Part extends `{${string}}`
  ? Value extends ''
    ? false
    : true
  : Value extends Part
    ? true
    : false;

/** Whether a name matches a pattern, by the rules of `ChannelPattern`. */
type Matches<Pattern extends string, Name extends string> = Pattern extends `${infer PatternHead}:${infer PatternTail}`
  ? Name extends `${infer NameHead}:${infer NameTail}`
    ? MatchesSegment<PatternHead, NameHead> extends true
      ? Matches<PatternTail, NameTail>
      : false
    : false
  : Pattern extends `{${string}*}`
    ? Name extends ''
      ? false
      : true
    : Name extends `${string}:${string}`
      ? false
      : MatchesSegment<Pattern, Name>;

/** All names that match, and a few more: a fast filter, which matters with many patterns. */
type Shape<Pattern extends string> = Pattern extends `${infer Head}:${infer Tail}`
  ? `${ShapeOfSegment<Head>}:${Shape<Tail>}`
  : ShapeOfSegment<Pattern>;

type ShapeOfSegment<Part extends string> = Part extends `{${string}}` ? string : Part;

/**
 * The pattern that a name belongs to: the name's own entry when a rule is spelled exactly so, otherwise all patterns
 * that match it. `never` when there is none; a name that is only known to be a `string` has none.
 */
export type PatternOf<Channels extends ChannelSchemas, Name extends string> = string extends Name
  ? never
  : Name extends keyof Channels
    ? Name
    : {
        [Pattern in keyof Channels & string]: Name extends Shape<Pattern>
          ? Matches<Pattern, Name> extends true
            ? Pattern
            : never
          : never;
      }[keyof Channels & string];

/**
 * Accepts only names of declared channels. For any other it is the declared patterns, so that compiler errors and
 * completions show them. Each name of a union is checked by itself.
 */
export type ChannelNameOf<Channels extends ChannelSchemas, Name extends string> = Name extends unknown
  ? [PatternOf<Channels, Name>] extends [never]
    ? Declared<Channels, NoChannelsDeclared>
    : Name
  : never;

/** The declared names, or a type that compiler errors show instead of `never` if there are none. */
export type Declared<Table, None> = [keyof Table] extends [never] ? None : keyof Table & string;

/** No value has this type: the application declares no `channels`. */
export type NoChannelsDeclared = string & { readonly channels: 'none are declared' };

/** What a subscriber of the channel receives. */
export type MessageOf<Channels extends ChannelSchemas, Name extends string> = StandardSchemaV1.InferOutput<
  Channels[PatternOf<Channels, Name>]
>;

/** What may be published to the channel; of several names, what may be published to each of them. */
export type MessageInputOf<Channels extends ChannelSchemas, Name extends string> = (
  Name extends unknown
    ? (message: StandardSchemaV1.InferInput<Channels[PatternOf<Channels, Name>]>) => void
    : never
) extends (message: infer Input) => void
  ? Input
  : never;
