/** Makes the AsyncAPI document of what clients can do from an application's declarations. */

import type { RpcDeclaration } from '../engine/channels/rpc-options.js';
import type { Rule } from '../engine/channels/rule.js';
import { assertNever } from '../model/assert-never.js';
import { FanfareError } from '../model/fanfare-error.js';
import { Ids } from './address.js';
import { type Described, describeChannel } from './describe-channels.js';
import type { AsyncApiDocument, SecurityScheme, SpecMessage, SpecOperation, SpecServer } from './document.js';
import type { ClientAccess, SpecOptions, UnknownSchema } from './options.js';
import { SchemaTable } from './schema-table.js';

interface Contract {
  readonly rules: Iterable<Rule>;
  readonly procedures: ReadonlyMap<string, RpcDeclaration>;
  readonly path: string;
  readonly access: ClientAccess;
  /** Called for schemas that cannot be expressed, unless the options have such a function. */
  readonly onUnknown: (unknown: UnknownSchema) => void;
}

const about = `Written from a client's side: it sends what has the action \`send\`, and gets what has the action \`receive\`.
On the wire it is the Centrifugal client protocol, version 2, in JSON; a payload is the \`data\` of its messages.`;

/** @throws FanfareError `ERR_CONFIG` for an invalid `url` */
export function describeContract(contract: Contract, options: SpecOptions): AsyncApiDocument {
  const { title = 'Fanfare', version = '1.0.0', description } = options;
  const access = { ...contract.access, ...options.access };
  const rules = [...contract.rules];
  const schemas = new SchemaTable(options.convert, options.onUnknown ?? contract.onUnknown);
  const ids = new Ids();
  const described = [
    ...rules.map((rule) => describeChannel(rule, ids, schemas)),
    describeProcedures(contract.procedures, ids, schemas),
  ];
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: description === undefined ? about : `${description}\n\n${about}` },
    defaultContentType: 'application/json',
    servers: { fanfare: describeServer(options.url ?? 'ws://localhost:8000', contract.path, access) },
    channels: Object.assign({}, ...described.map(({ channels }) => channels)),
    operations: Object.assign({}, ...described.map(({ operations }) => operations)),
    components: {
      schemas: schemas.schemas,
      securitySchemes: {
        ...tokenSchemes(access),
        ...(rules.some(({ subscribe }) => subscribe === 'token') && { subscriptionToken }),
      },
    },
  };
}

function describeServer(url: string, path: string, { tokens, anonymous }: ClientAccess): SpecServer {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const protocol = parsed?.protocol.slice(0, -1);
  if (parsed === undefined || (protocol !== 'ws' && protocol !== 'wss')) {
    throw new FanfareError('ERR_CONFIG', `spec: "${url}" is not a ws: or wss: address`);
  }
  return {
    host: parsed.host,
    pathname: parsed.pathname === '/' ? path : parsed.pathname,
    protocol,
    description: 'WebSocket; the Centrifugal client protocol, version 2, in JSON.',
    ...(tokens !== 'none' && { security: [{ $ref: '#/components/securitySchemes/token' }] }),
    ...(anonymous && { 'x-fanfare-anonymous': true as const }),
  };
}

const bearer = { type: 'http', scheme: 'bearer' } as const;

const subscriptionToken: SecurityScheme = {
  ...bearer,
  bearerFormat: 'JWT',
  description: 'A token for one channel, made by the backend: `token` of the subscribe command.',
};

function tokenSchemes({ tokens }: ClientAccess): Readonly<Record<string, SecurityScheme>> {
  switch (tokens) {
    case 'none':
      return {};
    case 'jwt':
      return {
        token: {
          ...bearer,
          bearerFormat: 'JWT',
          description: 'A token of the backend: `token` of the connect command.',
        },
      };
    case 'application':
      return {
        token: {
          ...bearer,
          description: 'The application decides: by `token` of the connect command, by cookies or by headers.',
        },
      };
    default:
      return assertNever(tokens);
  }
}

/** Operations with a reply, on one channel without an address. @param channelIds for the id of the channel of calls */
function describeProcedures(
  procedures: ReadonlyMap<string, RpcDeclaration>,
  channelIds: Ids,
  schemas: SchemaTable,
): Described {
  if (procedures.size === 0) return { channels: {}, operations: {} };
  const channelId = channelIds.of('rpc');
  const channel = { $ref: `#/channels/${channelId}` };
  const message = (name: string) => ({ $ref: `#/channels/${channelId}/messages/${name}` });
  const messages: Record<string, SpecMessage> = {};
  const operations: Record<string, SpecOperation> = {};
  const ids = new Ids();
  for (const [name, { options }] of procedures) {
    const id = ids.of(name);
    messages[`${id}_request`] = {
      summary: `Argument of ${name}: \`data\` of the rpc command.`,
      payload: schemas.payload(options.input, {
        name: `${name} request`,
        direction: 'input',
        what: `procedure ${name}: its argument`,
      }),
    };
    // The result type is the function's return type, which does not exist at run time.
    messages[`${id}_reply`] = { summary: `Result of ${name}.`, payload: { 'x-fanfare-schema': 'unknown' } };
    operations[`call_${id}`] = {
      action: 'send',
      channel,
      summary: `Call ${name}.`,
      messages: [message(`${id}_request`)],
      reply: { channel, messages: [message(`${id}_reply`)] },
      'x-fanfare-permission': options.allow ?? 'user',
      'x-fanfare-procedure': name,
    };
  }
  const description = 'Calls of procedures. They are answered to the caller alone.';
  return { channels: { [channelId]: { address: null, title: 'Procedures', description, messages } }, operations };
}
