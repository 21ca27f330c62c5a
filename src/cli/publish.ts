/** `fanfare publish`: publishes one message and waits for the acknowledgement. */

import { clientFlags, describeCode, openConnection } from './client-connection.js';
import { type Command, exitCodes, failed } from './command.js';
import { parseJsonArgument } from './values.js';

const maxInputBytes = 1_048_576;

export const publish: Command = {
  name: 'publish',
  usage: '<channel> <json|-> [flags]',
  about: [
    'Publishes as a client, by the rule of the channel, and waits for the acknowledgement. - reads the JSON from',
    'standard input. The exit code is 0 when the message was accepted.',
  ],
  flags: clientFlags,
  positionals: { min: 2, max: 2 },
  listsOptions: false,
  async run(parsed, context) {
    const [channel = '', text = ''] = parsed.positionals;
    const data = parseJsonArgument(text === '-' ? await readInput() : text, 'the message');
    const connection = await openConnection(parsed, context);
    if (connection === undefined) return exitCodes.failed;
    const attempt = await connection.connect();
    const reason = attempt.ok ? await publishOnce() : attempt.reason;
    return reason === undefined ? exitCodes.ok : failed(context.terminal, reason);

    async function publishOnce(): Promise<string | undefined> {
      try {
        await connection?.client.publish(channel, data);
        return undefined;
      } catch (error) {
        // safe: the SDK rejects with its error object, never with an Error
        return `not published: ${describeCode(error as { code: number; message: string })}`;
      } finally {
        connection?.client.disconnect();
      }
    }
  },
};

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    // safe: no encoding is set, so chunks are buffers
    const bytes = chunk as Buffer;
    chunks.push(bytes);
    length += bytes.length;
    if (length > maxInputBytes) break;
  }
  return Buffer.concat(chunks).toString();
}
