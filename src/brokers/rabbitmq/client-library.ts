/** The AMQP client, loaded only when a RabbitMQ broker starts. */

import type { ChannelModel, ConfirmChannel, ConsumeMessage, Channel as PlainChannel } from 'amqplib';
import { FanfareError } from '../../model/fanfare-error.js';

export type Library = Pick<typeof import('amqplib'), 'connect'>;
/** One TCP connection to a server. */
export type Connection = ChannelModel;
/** What AMQP calls a channel: one of several conversations over a connection. It has nothing to do with those of Fanfare. */
export type Lane = PlainChannel;
export type ConfirmLane = ConfirmChannel;
export type Delivery = ConsumeMessage;

/** @throws FanfareError `ERR_CONFIG` when it is not installed */
export async function loadLibrary(): Promise<Library> {
  try {
    return await import('amqplib');
  } catch (error) {
    throw new FanfareError('ERR_CONFIG', 'the RabbitMQ broker needs a package: npm install amqplib', { cause: error });
  }
}
