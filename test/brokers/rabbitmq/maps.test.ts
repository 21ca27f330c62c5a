/** Maps over RabbitMQ, which can compare nothing before it stores something. */

import { channel, fanfare } from 'fanfare';
import { rabbitmq } from 'fanfare/rabbitmq';
import { expect, test } from 'vitest';

test('a rule that is a map is refused before anything is connected, with the brokers that keep maps', () => {
  const make = () =>
    fanfare({
      broker: rabbitmq('amqp://127.0.0.1:1'),
      anonymous: true,
      channels: { 'map:{id}': channel({ map: {} }) },
    });
  expect(make).toThrow(
    expect.objectContaining({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('the broker "rabbitmq" keeps none: take memory, redis or nats'),
    }),
  );
});
