/** The channel of each chat: what is asked and answered in it are streams. */

import { type ChannelDeclaration, channel } from 'fanfare';

export const assistantChannels = {
  'chat:{id}': channel({ subscribe: 'anyone', streams: { cancel: 'subscriber', every: '80ms', interruptAfter: '5s' } }),
};

type SchemaOf<Declaration> = Declaration extends ChannelDeclaration<infer Schema, infer _Pattern> ? Schema : never;

/** The channels as types. */
export type AssistantSchemas = {
  readonly [Pattern in keyof typeof assistantChannels]: SchemaOf<(typeof assistantChannels)[Pattern]>;
};
