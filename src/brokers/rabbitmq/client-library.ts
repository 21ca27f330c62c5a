/** The AMQP client, loaded only when a RabbitMQ broker starts. */

import type { ChannelModel, ConfirmChannel, ConsumeMessage, Channel as PlainChannel } from 'amqplib';
import { loadPackages } from '../needed-package.js';

export type Library = Pick<typeof import('amqplib'), 'connect'>;
/** One TCP connection to a server. */
export type Connection = ChannelModel;
/** An AMQP channel, one of several over a connection; unrelated to Fanfare's channels. */
export type Lane = PlainChannel;
export type ConfirmLane = ConfirmChannel;
export type Delivery = ConsumeMessage;

/** @throws FanfareError `ERR_CONFIG` when it is not installed */
export function loadLibrary(): Promise<Library> {
  return loadPackages('RabbitMQ', ['amqplib'], () => import('amqplib'));
}
