/** Converts RabbitMQ's errors to those of the engine. */

import { FanfareError } from '../../model/fanfare-error.js';
import { named } from '../broker-error.js';
import { rabbitmqStates } from './states.js';

export function failed(what: string, cause?: unknown): FanfareError {
  const error = new Error(`rabbitmq: ${what}`, { cause });
  return new FanfareError('ERR_BROKER', error.message, { cause, ...named(error, rabbitmqStates) });
}
