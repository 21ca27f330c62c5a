/** `fanfare dev`: development mode, open to this machine only, and says so. */

import { randomBytes } from 'node:crypto';
import type { ChannelConfig, ChannelsConfig } from '../config/channel-config.js';
import type { Config } from '../config/config.js';
import { isLoopback } from '../config/loopback.js';
import type { ChannelDeclaration } from '../engine/channels/channel-options.js';
import { FanfareError } from '../model/fanfare-error.js';
import type { ServerAddresses } from '../server/from-config.js';
import { version } from '../server/version.js';
import { type Command, type CommandContext, exitCodes, failed, flagText } from './command.js';
import { loadOrExplain, sourcesOf, warn } from './configuration.js';
import { documentationEndpoint, documentationIsBuilt, documentationPath } from './documentation.js';
import { type Example, type ExampleNote, examplePages, exampleTable, loadExample } from './example.js';
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

/** Served without `--example`. */
const defaultExample = 'chat';

const newSecret = () => randomBytes(32).toString('base64url');

export const dev: Command = {
  name: 'dev',
  usage: '[flags]',
  about: [
    'Runs the server for trying things: clients need no token, chat:{room} is open to them, and the chat example is',
    'served at /. What the configuration sets is kept. Other addresses than loopback are refused without token.secret.',
  ],
  flags: {
    example: {
      about:
        'The example to run and serve at / instead of chat; its channels are the only ones. /examples/ lists them.',
      value: 'name',
    },
  },
  listsOptions: true,
  async run(parsed, context) {
    const { terminal } = context;
    const asked = flagText(parsed, 'example');
    const name = asked ?? defaultExample;
    const ofThisRun = { secret: [newSecret()], apiKeys: [newSecret()] };
    const sources = sourcesOf(parsed, context, 'development', (host) => ({
      ...(isLoopback(host) && { anonymous: true }),
      channels: openChannels,
      'token.secret': ofThisRun.secret,
      ...(asked !== undefined && { 'api.keys': ofThisRun.apiKeys }),
      'log.level': 'warn',
    }));
    const config = await loadOrExplain(sources, terminal);
    if (config === undefined) return exitCodes.failed;
    const [tokenSecret = ''] = config.secrets;
    const example = await loadExample(name, { tokenSecret });
    if (asked !== undefined && example === undefined) return failed(terminal, 'this build has no examples');
    const hasOwnChannels = config.sources.channels !== 'development mode';
    if (asked !== undefined && hasOwnChannels) {
      return failed(terminal, `channels in ${config.sources.channels} and --example ${name} exclude each other`);
    }
    const endpoints = [...examplePages(name), documentationEndpoint];
    const hasPages = endpoints.some(({ path }) => path === '/');
    let notes: readonly ExampleNote[] = [];
    return runServer(
      {
        config,
        sources,
        endpoints,
        ...(example && !hasOwnChannels && { own: example }),
        async begin({ app, log }, { clients, internal }, signal) {
          const { url } = clients;
          const apiUrl = `${(config.values['api.internalOnly'] ? internal : undefined)?.url ?? url}/api`;
          const api = { url: apiUrl, key: config.apiKeys[0] ?? '' };
          try {
            notes = (await example?.start?.({ app, url, api, log, signal })) ?? [];
          } catch (error) {
            const why = error instanceof Error ? error.message : String(error);
            throw new FanfareError('ERR_CONFIG', `--example ${name}: ${why}`, { cause: error });
          }
        },
        announce(addresses) {
          warn(config.warnings, terminal);
          const shown = asked === undefined ? undefined : example;
          announce({ config, addresses, hasPages, example: shown, notes }, context);
        },
      },
      context,
    );
  },
};

interface Announced {
  readonly config: Config;
  readonly addresses: ServerAddresses;
  readonly hasPages: boolean;
  /** One that was asked for. */
  readonly example: Example | undefined;
  readonly notes: readonly ExampleNote[];
}

function announce({ config, addresses, hasPages, example, notes }: Announced, context: CommandContext) {
  const { clients, internal, console: page } = addresses;
  const { terminal, program } = context;
  const { style } = terminal;
  const { values } = config;
  const line = (label: string, text: string) => terminal.out(`  ${label.padEnd(12)} ${text}`);
  terminal.out(`${style('bold', `Fanfare ${version}`)} · ${style('yellow', 'development mode')}`);
  terminal.out('');
  terminal.out(`listening on ${style('cyan', clients.url)}`);
  if (hasPages) line('open', `${style('cyan', `${clients.url}/`)}${example ? '' : ' in two tabs: they chat'}`);
  for (const [label, text] of notes) line(label, text);
  line('connect', `${clients.url.replace('http', 'ws')}${values.path}`);
  if (page !== undefined) line('console', style('cyan', page));
  if (internal !== undefined) line('metrics', `${internal.url}/metrics`);
  if (exampleTable().length > 1) line('examples', `${clients.url}/examples/`);
  if (documentationIsBuilt()) line('documents', `${clients.url}${documentationPath}`);
  terminal.out('');
  terminal.out(style('yellow', `OPEN to everybody who reaches ${values.host}; not for production:`));
  if (values.anonymous) terminal.out('  · clients need no token');
  if (example !== undefined) {
    for (const [pattern, rule] of Object.entries(example.channels))
      terminal.out(`  · ${pattern}: ${describeDeclared(rule)}`);
    terminal.out('');
    return;
  }
  for (const [pattern, rule] of Object.entries(values.channels)) terminal.out(`  · ${pattern}: ${describe(rule)}`);
  terminal.out('');
  terminal.out('Try:');
  terminal.out(`  ${program} subscribe chat:lobby${urlFlag(clients.url, values.path)}`);
  terminal.out(`  ${program} publish chat:lobby '{"text":"hello"}'${urlFlag(clients.url, values.path)}`);
  terminal.out(`  ${tokenHint(config, program)}`);
  terminal.out('');
}

function describeDeclared({ options }: ChannelDeclaration): string {
  const who = (permission: unknown) => (typeof permission === 'function' ? 'as its function says' : permission);
  const { subscribe = 'nobody', publish = 'nobody' } = options;
  return `subscribe: ${who(subscribe)}, publish: ${who(publish)}`;
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
