/** `fanfare doctor`: walks the way of a client to a server, and says what is wrong on it, and which line to change. */

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ClientError } from '../client/client-error.js';
import { endpointsOf } from '../client/endpoint-url.js';
import { commandVariables } from '../config/layers.js';
import {
  type Command,
  type CommandContext,
  exitCodes,
  flagIsOn,
  flagText,
  type ParsedArguments,
  UsageError,
} from './command.js';
import { loadOrExplain, sourcesOf } from './configuration.js';
import { Credentials } from './doctor/credentials.js';
import { examine } from './doctor/examine.js';
import { Findings } from './doctor/finding.js';
import { Report } from './doctor/report.js';
import type { Target } from './doctor/target.js';
import { printable } from './printable.js';
import { durationFlag, parseJsonArgument } from './values.js';

const defaultTimeoutMs = 5_000;
/** Longer than the 25 s between two pings. */
const defaultWaitMs = 30_000;

export const doctor: Command = {
  name: 'doctor',
  usage: '<url> [flags]',
  about: [
    'Walks the way of a client: DNS, TCP, TLS, HTTP, the WebSocket upgrade, origin, token, channel, recovery, each transport',
    'without WebSocket, and connections that are idle. Tells what is wrong in a sentence, with the line of nginx or HAProxy or',
    'the option of Fanfare that changes it. The exit code is 0 when nothing is wrong, 1 otherwise. docs/operations/doctor.md',
  ],
  flags: {
    token: {
      about: `Connection token. Default: ${commandVariables.token}, or one made with the secret.`,
      value: 'token',
    },
    secret: {
      about: 'Secret to make a token with, or to check the given one. Default: the configured one.',
      value: 'text',
    },
    user: { about: 'User of the token that is made. Default: doctor.', value: 'id' },
    channel: { about: 'Subscribe to this channel, and recover in it.', value: 'name' },
    publish: { about: 'Publish this to the channel: its subscribers get it.', value: 'json' },
    origin: {
      about: 'Origin of your pages, https://app.example.com, to be tried. Default: that of the URL.',
      value: 'origin',
    },
    path: { about: 'Path of the WebSocket, if the URL has none. Default: /connection/websocket.', value: 'path' },
    resolve: {
      about: 'Address to take instead of those of DNS: one node, or a machine to be.',
      value: 'address',
      repeatable: true,
    },
    ca: { about: 'Certificates of your own authority, in PEM.', value: 'file' },
    insecure: { about: 'Go on, and send the token, where the certificate is not trusted.' },
    wait: {
      about: 'How long to wait on idle connections for something that cuts them. Default: 30s. 0: not at all.',
      value: 'duration',
    },
    timeout: { about: 'How long one answer may take. Default: 5s.', value: 'duration' },
    json: { about: 'Print one JSON object instead of lines.' },
  },
  positionals: { min: 1, max: 1 },
  listsOptions: false,
  async run(parsed, context) {
    const target = targetOf(parsed, context);
    const waitMs = durationFlag(parsed, 'wait', defaultWaitMs);
    const channel = flagText(parsed, 'channel');
    const message = flagText(parsed, 'publish');
    if (message !== undefined && channel === undefined) throw new UsageError('--publish needs --channel');
    const data = message === undefined ? undefined : { value: parseJsonArgument(message, '--publish') };
    const addresses = parsed.flags.get('resolve') ?? [];
    const unreadable = addresses.find((address) => isIP(address) === 0);
    if (unreadable !== undefined)
      throw new UsageError(`--resolve: "${printable(unreadable)}" is no address; it is like 192.0.2.1 or 2001:db8::1`);
    const config = await loadOrExplain(sourcesOf(parsed, context, 'production'), context.terminal);
    if (config === undefined) return exitCodes.failed;
    const secret = flagText(parsed, 'secret');
    const credentials = new Credentials(
      secret === undefined ? config : { ...config, secrets: [secret] },
      flagText(parsed, 'token') ?? context.env[commandVariables.token],
      flagText(parsed, 'user') ?? 'doctor',
    );
    const report = new Report(context.terminal, flagIsOn(parsed, 'json'));
    const findings = new Findings((finding) => report.show(finding));
    await examine(target, { credentials, channel, data, addresses, waitMs }, findings, (station) =>
      report.begin(station),
    );
    report.end(target, findings);
    return findings.faults.length === 0 ? exitCodes.ok : exitCodes.failed;
  },
};

/** @throws UsageError */
function targetOf(parsed: ParsedArguments, { folder }: CommandContext): Target {
  const [given = ''] = parsed.positionals;
  try {
    const url = new URL(given);
    const path = flagText(parsed, 'path');
    if (path !== undefined && url.pathname === '/') url.pathname = path;
    const endpoints = endpointsOf(url, undefined);
    const { protocol, hostname, host, port } = new URL(endpoints.http_stream);
    const isSecure = protocol === 'https:';
    return {
      endpoints,
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      authority: host,
      port: Number(port || (isSecure ? 443 : 80)),
      isSecure,
      origin: flagText(parsed, 'origin'),
      timeoutMs: durationFlag(parsed, 'timeout', defaultTimeoutMs),
      ca: authorityOf(parsed, folder),
      isInsecure: flagIsOn(parsed, 'insecure'),
      address: undefined,
    };
  } catch (error) {
    if (!(error instanceof ClientError) && !(error instanceof TypeError)) throw error;
    throw new UsageError(
      `"${printable(given)}" is no address of a server; it is like https://realtime.example.com or ws://127.0.0.1:8000`,
    );
  }
}

/** @throws UsageError */
function authorityOf(parsed: ParsedArguments, folder: string): string | undefined {
  const file = flagText(parsed, 'ca');
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(folder, file), 'utf8');
  } catch (cause) {
    throw new UsageError(`--ca: ${printable(file)} cannot be read`, { cause });
  }
}
