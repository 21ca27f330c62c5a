/** `fanfare dev`: development mode, open to this machine only, and says so. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChannelConfig, ChannelsConfig } from '../config/channel-config.js';
import type { Config } from '../config/config.js';
import { isLoopback } from '../config/loopback.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import type { ServerAddresses } from '../server/from-config.js';
import { staticEndpoints } from '../server/static-files.js';
import { version } from '../server/version.js';
import { type Command, type CommandContext, exitCodes } from './command.js';
import { loadOrExplain, sourcesOf, warn } from './configuration.js';
import { runServer } from './run-server.js';

const dayMs = 86_400_000;

/** Channels that need no configuration. */
const openChannels: ChannelsConfig = {
  'chat:{room}': {
    subscribe: 'anyone',
    publish: 'anyone',
    history: { size: 500, ttl: dayMs, read: 'anyone' },
    presence: 'anyone',
    joinLeave: true,
  },
  'typing:{room}': { subscribe: 'anyone', publish: 'subscriber' },
};

/** The built chat example: its page and its declared channels. */
const example = fileURLToPath(new URL('../examples-chat/', import.meta.url));

/** The channels of {@link openChannels}, with the example's schemas and member names. */
async function exampleChannels(): Promise<Readonly<Record<string, ChannelDeclaration>> | undefined> {
  const module = new URL('../examples-chat/channels.mjs', import.meta.url);
  if (!existsSync(module)) return undefined;
  // safe: part of this build, compiled against these types
  const { chatChannels } = (await import(module.href)) as {
    readonly chatChannels: Readonly<Record<string, ChannelDeclaration>>;
  };
  return chatChannels;
}

export const dev: Command = {
  name: 'dev',
  usage: '[flags]',
  about: [
    'Runs the server for trying things: clients need no token, chat:{room} is open to them, and the chat example is',
    'served at /. What the configuration sets is kept. Other addresses than loopback are refused without token.secret.',
  ],
  flags: {},
  listsOptions: true,
  async run(parsed, context) {
    const { terminal } = context;
    const secretOfThisRun = [randomBytes(32).toString('base64url')];
    const sources = sourcesOf(parsed, context, 'development', (host) => ({
      ...(isLoopback(host) && { anonymous: true }),
      channels: openChannels,
      'token.secret': secretOfThisRun,
      'log.level': 'warn',
    }));
    const config = await loadOrExplain(sources, terminal);
    if (config === undefined) return exitCodes.failed;
    const endpoints = existsSync(example) ? staticEndpoints(example) : [];
    const hasPages = endpoints.some(({ path }) => path === '/');
    const channels = config.sources.channels === 'development mode' ? await exampleChannels() : undefined;
    return runServer(
      {
        config,
        sources,
        endpoints,
        ...(channels && { channels }),
        announce(addresses) {
          warn(config.warnings, terminal);
          announce(config, addresses, hasPages, context);
        },
      },
      context,
    );
  },
};

function announce(config: Config, addresses: ServerAddresses, hasPages: boolean, context: CommandContext) {
  const { clients, internal, console: page } = addresses;
  const { terminal, program } = context;
  const { style } = terminal;
  const { values } = config;
  const line = (label: string, text: string) => terminal.out(`  ${label.padEnd(12)} ${text}`);
  terminal.out(`${style('bold', `Fanfare ${version}`)} · ${style('yellow', 'development mode')}`);
  terminal.out('');
  terminal.out(`listening on ${style('cyan', clients.url)}`);
  if (hasPages) line('open', `${style('cyan', `${clients.url}/`)} in two tabs: they chat`);
  line('connect', `${clients.url.replace('http', 'ws')}${values.path}`);
  if (page !== undefined) line('console', style('cyan', page));
  if (internal !== undefined) line('metrics', `${internal.url}/metrics`);
  terminal.out('');
  terminal.out(style('yellow', `OPEN to everybody who reaches ${values.host}; not for production:`));
  if (values.anonymous) terminal.out('  · clients need no token');
  for (const [pattern, rule] of Object.entries(values.channels)) terminal.out(`  · ${pattern}: ${describe(rule)}`);
  terminal.out('');
  terminal.out('Try:');
  terminal.out(`  ${program} subscribe chat:lobby${urlFlag(clients.url, values.path)}`);
  terminal.out(`  ${program} publish chat:lobby '{"text":"hello"}'${urlFlag(clients.url, values.path)}`);
  terminal.out(`  ${tokenHint(config, program)}`);
  terminal.out('');
}

function describe(rule: ChannelConfig): string {
  const { subscribe = 'nobody', publish = 'nobody', history, presence = false } = rule;
  const parts = [`subscribe: ${subscribe}`, `publish: ${publish}`];
  if (history !== undefined) parts.push(`history: ${history.size} publications`);
  if (presence !== false) parts.push('presence');
  return parts.join(', ');
}

function urlFlag(url: string, path: string): string {
  const endpoint = `${url.replace('http', 'ws')}${path}`;
  return endpoint === 'ws://127.0.0.1:8000/connection/websocket' ? '' : ` --url ${endpoint}`;
}

/** The secret of this run is useless afterwards; a configured one is not shown. */
function tokenHint({ secrets, sources, values }: Config, program: string): string {
  const isOfThisRun = sources['token.secret'] === 'development mode' && values['token.secretFile'] === undefined;
  const secret = isOfThisRun ? `FANFARE_TOKEN_SECRET=${secrets[0]} ` : '';
  return `${secret}${program} token --user 42`;
}
