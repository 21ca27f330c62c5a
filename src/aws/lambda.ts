/** The handler with which AWS Lambda serves an application's clients behind an API Gateway WebSocket API. */

import type { BrokerPorts } from '../brokers/ports.js';
import { FunctionHost, type GatewayClient } from '../functions/function-host.js';
import type { FunctionStore } from '../functions/function-store.js';
import type { FunctionTimes } from '../functions/function-times.js';
import type { Gateway } from '../functions/gateway.js';
import { defined } from '../model/defined.js';
import { engineOf } from '../server/app-engine.js';
import type { appEngineKey } from '../server/app-engine-key.js';
import { ApiGateway } from './api-gateway.js';
import { decodeEvent, endpointOf, headOf, type SocketEvent } from './event.js';

/** Makes the store of functions. `redisStore()` is one. */
export type FunctionStoreFactory = (ports: BrokerPorts) => FunctionStore;

/** How an application is served by functions. */
export interface LambdaOptions {
  /** Where everything is that a server would have in its memory. All functions of an application have the same. */
  readonly store: FunctionStoreFactory;
  /**
   * Endpoint of the management API. Default: that of the API from which an event comes, as
   * `https://{api}.execute-api.{region}.amazonaws.com/{stage}`.
   */
  readonly endpoint?: string;
  /** Times in milliseconds; see {@link FunctionTimes}. Default: its defaults. */
  readonly times?: Partial<FunctionTimes>;
  /** What holds the sockets. Default: API Gateway, through the AWS SDK. */
  readonly gateway?: Gateway;
}

/** What Lambda passes beside the event. */
export interface LambdaContext {
  /** How long this call may still take, in milliseconds. */
  getRemainingTimeInMillis?(): number;
  /** `false`: the answer leaves at once, though a connection to the store is open. */
  callbackWaitsForEmptyEventLoop?: boolean;
}

/** What API Gateway expects. Status 200 accepts a connection; the body of other answers is for people. */
export interface LambdaAnswer {
  /** Status of HTTP. */
  readonly statusCode: number;
  /** By name. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text. Default: empty. */
  readonly body?: string;
}

/**
 * What Lambda calls, as {@link lambda} returns it.
 *
 * @example
 * const handler = lambda(app, { store: dynamoDbStore({ table: 'fanfare' }) });
 * const { statusCode } = await handler(event);
 * await handler.close();
 */
export interface LambdaHandler {
  /** Never rejects: what fails is logged, and answered with 503. */
  (event: unknown, context?: LambdaContext): Promise<LambdaAnswer>;
  /** Lets go of the store. Lambda never calls it: tests and other programs do. */
  close(): Promise<void>;
}

/** Time that is left for the answer, and for Lambda itself. */
const reserveMs = 3_000;
/** For a sweep whose function does not know when it ends. */
const defaultSweepMs = 25_000;

/**
 * Serves an application by functions: for the routes `$connect`, `$disconnect` and `$default`, and for a schedule of once a
 * minute. The same application, in any function, publishes and gives orders as anywhere.
 *
 * @throws FanfareError `ERR_CONFIG` for what the application asks for and functions cannot keep, with the reason
 * @example
 * const app = fanfare({ auth, channels });
 * export const handler = lambda(app, { store: redisStore('rediss://cache.example.com:6379') });
 */
export function lambda(app: { readonly [appEngineKey]: unknown }, options: LambdaOptions): LambdaHandler {
  const engine = engineOf(app);
  const { clock, random, log } = engine;
  const host = new FunctionHost(engine, {
    store: options.store({ clock, random, log }),
    gateway: options.gateway ?? new ApiGateway({ clock, random, log }),
    times: options.times,
  });
  const handler = async (event: unknown, context: LambdaContext = {}): Promise<LambdaAnswer> => {
    // Connections of the store stay open from one event to the next.
    context.callbackWaitsForEmptyEventLoop = false;
    const decoded = decodeEvent(event);
    try {
      switch (decoded.kind) {
        case 'socket':
          return await handle(host, decoded.event, options.endpoint);
        case 'sweep': {
          const leftMs = (context.getRemainingTimeInMillis?.() ?? defaultSweepMs + reserveMs) - reserveMs;
          log.info({ ...(await host.sweep(leftMs)) }, 'swept');
          return { statusCode: 200 };
        }
        case 'unknown':
          log.error(
            { reason: decoded.reason },
            'an event is neither of a WebSocket API with proxy integration nor of a schedule',
          );
          return { statusCode: 400, body: 'unknown event' };
      }
    } catch (error) {
      log.error({ err: error }, 'an event was not handled');
      return { statusCode: 503, body: 'try again later' };
    }
  };
  return Object.assign(handler, { close: () => host.close() });
}

async function handle(host: FunctionHost, event: SocketEvent, endpoint: string | undefined): Promise<LambdaAnswer> {
  const { requestContext, body, isBase64Encoded } = event;
  const client: GatewayClient = {
    id: requestContext.connectionId,
    endpoint: endpoint ?? endpointOf(event, process.env.AWS_REGION),
  };
  switch (requestContext.eventType) {
    case 'CONNECT': {
      const answer = await host.connect(client, headOf(event));
      if ('status' in answer)
        return { statusCode: answer.status, body: answer.message, ...defined({ headers: answer.headers }) };
      const { subprotocol } = answer;
      return {
        statusCode: 200,
        ...(subprotocol !== undefined && { headers: { 'Sec-WebSocket-Protocol': subprotocol } }),
      };
    }
    case 'MESSAGE': {
      const data = isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? '');
      await host.receive(client, { id: requestContext.messageId ?? requestContext.requestId, data });
      return { statusCode: 200 };
    }
    case 'DISCONNECT':
      await host.disconnected(client);
      return { statusCode: 200 };
  }
}
