/** The application that template.yaml deploys: put your own channels here. */

import { channel, fanfare, jwt } from 'fanfare';
import { consoleLog, dynamoDbStore, lambda } from 'fanfare/aws';

const { TABLE = '', TOKEN_KEY = '', ORIGINS = '', ENDPOINT = '' } = process.env;

export const app = fanfare({
  auth: jwt({ secret: TOKEN_KEY }),
  origins: ORIGINS.split(','),
  log: consoleLog(),
  channels: {
    'chat:{room}': channel({
      subscribe: 'user',
      publish: 'subscriber',
      presence: true,
      history: { size: 100, ttl: '10m' },
    }),
  },
});

export const handler = lambda(app, {
  store: dynamoDbStore({ table: TABLE }),
  ...(ENDPOINT !== '' && { endpoint: ENDPOINT }),
});
