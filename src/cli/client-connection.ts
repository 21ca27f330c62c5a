/** Connects `fanfare publish` and `fanfare subscribe` to a server, like any client. */

import { Centrifuge, type Options } from 'centrifuge';
import { type ClientOptions, WebSocket } from 'ws';
import { ClientError } from '../client/client-error.js';
import type { Codec } from '../client/codec.js';
import { endpointsOf } from '../client/endpoint-url.js';
import { withoutNodeStorage } from '../client/quiet-storage.js';
import type { Config } from '../config/config.js';
import { commandVariables } from '../config/layers.js';
import { defined } from '../model/defined.js';
import { type CommandContext, type Flag, flagText, type ParsedArguments, UsageError } from './command.js';
import { loadOrExplain, sourcesOf } from './configuration.js';
import { printable } from './printable.js';
import { signToken } from './signed-token.js';
import { durationFlag } from './values.js';

/** Flags of both commands. */
export const clientFlags: Readonly<Record<string, Flag>> = {
  url: {
    about: `Address of the server, http(s)://… or ws(s)://…, as in connect(). Default: ${commandVariables.url}, or as configured.`,
    value: 'url',
  },
  token: {
    about: `Connection token. Default: ${commandVariables.token}, or one made with the configured secret.`,
    value: 'token',
  },
  user: { about: 'User of the token that is made. Default: cli.', value: 'id' },
  timeout: { about: 'How long the server may take to answer. Default: 5s.', value: 'duration' },
};

const defaultTimeoutMs = 5_000;
const tokenTtlMs = 300_000;

/** The outcome of a request, for a person. */
export type Attempt = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export class ClientConnection {
  readonly url: string;
  readonly client: Centrifuge;
  /** Makes a token for a channel, if there is a secret. */
  readonly subscriptionToken: ((channel: string) => Promise<string>) | undefined;
  #socketError = '';

  constructor(options: {
    readonly url: string;
    readonly timeoutMs: number;
    readonly token: string | (() => Promise<string>) | undefined;
    readonly subscriptionToken: ((channel: string) => Promise<string>) | undefined;
    readonly codec: Codec | undefined;
  }) {
    const { url, timeoutMs, token, codec } = options;
    const noteError = (message: string) => {
      this.#socketError = message;
    };
    /** The SDK only reports that the transport was closed; the socket knows the reason. */
    class Socket extends WebSocket {
      constructor(address: string, protocols?: string | string[], socketOptions?: ClientOptions) {
        super(address, protocols, socketOptions);
        this.on('error', (error) => noteError(error.message));
      }
    }
    const sdkOptions: Partial<Options> = { websocket: Socket, timeout: timeoutMs, name: 'fanfare-cli' };
    if (typeof token === 'string') sdkOptions.token = token;
    if (typeof token === 'function') sdkOptions.getToken = token;
    this.url = url;
    this.client = withoutNodeStorage(
      () => codec?.newSdk({ transport: 'websocket', endpoint: url }, sdkOptions) ?? new Centrifuge(url, sdkOptions),
    );
    this.subscriptionToken = options.subscriptionToken;
  }

  /** Only the first attempt counts: a failure is reported at once and not tried again. */
  connect(): Promise<Attempt> {
    const { client } = this;
    return new Promise((resolve) => {
      const settle = (attempt: Attempt) => {
        client.off('connected', connected);
        client.off('error', failed);
        client.off('disconnected', refused);
        if (!attempt.ok) client.disconnect();
        resolve(attempt);
      };
      const connected = () => settle({ ok: true });
      const failed = ({ error }: { error: { message: string } }) => {
        settle({
          ok: false,
          reason: `cannot connect to ${this.url}: ${printable(this.#socketError || error.message)}`,
        });
      };
      const refused = (context: { code: number; reason: string }) => {
        settle({ ok: false, reason: `the server has closed the connection: ${describeCode(context)}` });
      };
      client.on('connected', connected);
      client.on('error', failed);
      client.on('disconnected', refused);
      client.connect();
    });
  }
}

/** `permission denied (103)` */
export function describeCode({ code, reason, message }: { code: number; reason?: string; message?: string }): string {
  return `${printable(reason ?? message ?? 'unknown')} (${code})`;
}

/**
 * From flags, environment and configuration; `undefined` if the configuration is refused.
 *
 * @param codec default: JSON
 * @throws UsageError
 */
export async function openConnection(
  parsed: ParsedArguments,
  context: CommandContext,
  codec?: Codec,
): Promise<ClientConnection | undefined> {
  const timeoutMs = durationFlag(parsed, 'timeout', defaultTimeoutMs);
  const givenUrl = flagText(parsed, 'url') ?? context.env[commandVariables.url];
  const givenEndpoint = givenUrl === undefined ? undefined : endpointOf(givenUrl);
  const config = await loadOrExplain(sourcesOf(parsed, context, 'production'), context.terminal);
  if (config === undefined) return undefined;
  const user = flagText(parsed, 'user') ?? 'cli';
  const given = flagText(parsed, 'token') ?? context.env[commandVariables.token];
  const canSign = given === undefined && config.secrets.length > 0;
  const sign = async (channel?: string) =>
    (await signToken(config, { user, ttlMs: tokenTtlMs, ...defined({ channel }) })) ?? '';
  return new ClientConnection({
    url: givenEndpoint ?? configuredUrl(config),
    timeoutMs,
    token: canSign ? () => sign() : given,
    subscriptionToken: canSign ? sign : undefined,
    codec,
  });
}

/** As in the client's `connect()`. */
function endpointOf(url: string): string {
  try {
    return endpointsOf(url, undefined).websocket;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new UsageError(
      `--url "${printable(url)}" is no endpoint; it is like ws://127.0.0.1:8000 or https://example.com`,
    );
  }
}

function configuredUrl({ values }: Config): string {
  const { host, port, path } = values;
  if (port === 0) throw new UsageError('the configured port is 0, any free one: name the endpoint with --url');
  const address = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `ws://${address}:${port}${path}`;
}
