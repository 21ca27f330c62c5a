/** `fanfare token`: a connection or subscription token for trying things. */

import { type Command, exitCodes, flagText, UsageError } from './command.js';
import { loadOrExplain, sourcesOf } from './configuration.js';
import { signToken } from './signed-token.js';
import { durationFlag, parseJsonArgument } from './values.js';

const defaultTtlMs = 3_600_000;

export const token: Command = {
  name: 'token',
  summary: 'Make a token for a client',
  usage: '--user <id> [flags]',
  about: [
    'Prints a token, signed with the configured secret (token.secret, token.secretFile): a connection token, or with',
    '--subscribe a subscription token for one channel. Backends make them with any JWT library in the same way.',
  ],
  flags: {
    user: { about: 'Id of the user (sub). Empty for an anonymous client.', value: 'id' },
    ttl: { about: 'How long it is valid. Default: 1h. 0: for ever.', value: 'duration' },
    channel: { about: 'The client is subscribed to this channel without asking.', value: 'name', repeatable: true },
    subscribe: { about: 'Make a subscription token for this channel.', value: 'channel' },
    info: { about: 'JSON that is shown to other clients.', value: 'json' },
  },
  positionals: { min: 0, max: 0 },
  listsOptions: false,
  async run(parsed, context) {
    const { terminal, program } = context;
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
      ...(channel !== undefined && { channel }),
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
    terminal.out(signed);
    return exitCodes.ok;
  },
};
