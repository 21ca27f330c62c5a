/**
 * `fanfare/aws`: an application served by AWS Lambda behind an API Gateway WebSocket API.
 *
 * @module fanfare/aws
 */

import type { RedisOptions } from '../brokers/redis/options.js';
import type { DynamoDbOptions } from '../functions/dynamodb/options.js';
import { DynamoDbFunctionStore } from '../functions/dynamodb/store.js';
import { RedisFunctionStore } from '../functions/redis/store.js';
import type { FunctionStoreFactory } from './lambda.js';

export type { DynamoDbOptions } from '../functions/dynamodb/options.js';
export type { FunctionStore } from '../functions/function-store.js';
export type { FunctionTimes } from '../functions/function-times.js';
export type { Gateway, PostOutcome } from '../functions/gateway.js';
export { consoleLog } from './console-log.js';
export {
  type FunctionStoreFactory,
  type LambdaAnswer,
  type LambdaContext,
  type LambdaHandler,
  type LambdaOptions,
  lambda,
} from './lambda.js';

/**
 * Keeps everything in Redis 7, as `redis()` of `fanfare/redis` does, with the same options. Needs the package
 * `@redis/client`.
 *
 * @throws FanfareError `ERR_CONFIG`, naming what is wrong
 * @example export const handler = lambda(app, { store: redisStore('redis://localhost:6379') });
 */
export function redisStore(options: RedisOptions['url'] | RedisOptions): FunctionStoreFactory {
  return (ports) => new RedisFunctionStore(options, ports);
}

/**
 * Keeps everything in one table of DynamoDB. Needs the package `@aws-sdk/client-dynamodb`, which Lambda's runtimes have.
 *
 * @example
 * export const handler = lambda(app, { store: dynamoDbStore({ table: 'fanfare' }) });
 */
export function dynamoDbStore(options: DynamoDbOptions): FunctionStoreFactory {
  return (ports) => new DynamoDbFunctionStore(options, ports);
}
