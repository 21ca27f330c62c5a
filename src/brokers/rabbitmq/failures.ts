/** What goes wrong with RabbitMQ, in the words of the engine. */

import { FanfareError } from '../../model/fanfare-error.js';
import { stateOf } from '../server-states.js';
import { rabbitmqStates } from './states.js';

export function failed(what: string, cause?: unknown): FanfareError {
  const message = `rabbitmq: ${what}`;
  const found = stateOf(new Error(message, { cause }), rabbitmqStates);
  const named = found === undefined ? {} : { state: found.name, remedy: found.remedy };
  return new FanfareError('ERR_BROKER', message, { cause, ...named });
}
