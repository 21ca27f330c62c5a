/** `fanfare token`: makes a connection or subscription token for tests. */

import { text } from 'node:stream/consumers';
import { defined } from '../model/defined.js';
import { type Command, exitCodes, flagText, UsageError } from './command.js';
import { loadOrExplain, sourcesOf } from './configuration.js';
import { explainToken } from './explain-token.js';
import { signToken } from './signed-token.js';
import { durationFlag, parseJsonArgument } from './values.js';

const defaultTtlMs = 3_600_000;

export const token: Command = {
  name: 'token',
  usage: '--user <id> [flags] | --explain <token>',
  about: [
    'Prints a token, signed with the configured secret (token.secret, token.secretFile): a connection token, or with',
    '--subscribe a subscription token for one channel. Backends make them with any JWT library in the same way.',
    'With --explain it makes none, and tells what the server says to one: who it is, or which check it fails and why.',
  ],
  flags: {
    user: { about: 'Id of the user (sub). Empty for an anonymous client.', value: 'id' },
    ttl: { about: 'How long it is valid. Default: 1h. 0: for ever.', value: 'duration' },
    channel: { about: 'The client is subscribed to this channel without asking.', value: 'name', repeatable: true },
    subscribe: { about: 'Make a subscription token for this channel.', value: 'channel' },
    info: { about: 'JSON that is shown to other clients.', value: 'json' },
    explain: {
      about: 'Tell whether this token would be accepted, and why not. - reads it from standard input.',
      value: 'token',
    },
  },
  listsOptions: false,
  async run(parsed, context) {
    const { terminal, program } = context;
    const explained = flagText(parsed, 'explain');
    if (explained !== undefined) {
      const other = Object.keys(token.flags).find((name) => name !== 'explain' && parsed.flags.has(name));
      if (other !== undefined) throw new UsageError(`--explain and --${other} exclude each other`);
      const config = await loadOrExplain(sourcesOf(parsed, context, 'production'), terminal);
      if (config === undefined) return exitCodes.failed;
      return explainToken(explained === '-' ? await textOfInput() : explained, config, terminal);
    }
    const user = flagText(parsed, 'user');
    if (user === undefined) throw new UsageError('--user is missing: whom is the token for? (--user= for anonymous)');
    const channels = parsed.flags.get('channel') ?? [];
    const channel = flagText(parsed, 'subscribe');
    if (channel !== undefined && channels.length > 0)
      throw new UsageError('--channel and --subscribe exclude each other');
    const info = flagText(parsed, 'info');
    const claims = {
      user,
      ttlMs: durationFlag(parsed, 'ttl', defaultTtlMs),
      channels,
      ...defined({ channel }),
      ...(info !== undefined && { info: parseJsonArgument(info, '--info') }),
    };
    const config = await loadOrExplain(sourcesOf(parsed, context, 'production'), terminal);
    if (config === undefined) return exitCodes.failed;
    const signed = await signToken(config, claims);
    if (signed === undefined) {
      terminal.err(`${terminal.styleErr('red', 'error')} token.secret is not set: what would sign it?`);
      terminal.err(
        `for example: FANFARE_TOKEN_SECRET="$(openssl rand -base64 32)" ${program} token --user ${user || '42'}`,
      );
      return exitCodes.failed;
    }
    if (user === '' && channel === undefined && !config.values.anonymous) {
      terminal.err(
        `${terminal.styleErr('yellow', 'warning')} anonymous is off: the server refuses a token without a user`,
      );
    }
    terminal.out(signed);
    return exitCodes.ok;
  },
};

async function textOfInput(): Promise<string> {
  // The command that wrote the token has added the line break.
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}
