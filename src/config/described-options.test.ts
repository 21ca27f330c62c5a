import { expect, it } from 'vitest';
import { accepted } from '../../test/support/config/loaded.js';
import { testFolder } from '../../test/support/programs/test-folder.js';
import { describedOptions } from './described-options.js';
import { optionPaths } from './options.js';

const secret = 'hunter2-0123456789-abcdefghij-KLMNOP';

it('B112 tells every option with its source, and no secret', async () => {
  const file = {
    token: { secret },
    api: { keys: [secret, `${secret}-2`] },
    console: { password: secret },
    broker: `redis://user:${secret}@localhost:6379`,
    hooks: { url: 'https://backend.example/hooks', connect: '/connect', staticHeaders: { 'X-Key': secret } },
    channels: { 'chat:{room}': { subscribe: 'user', history: { size: 10, ttl: '90s' } } },
  };
  const folder = testFolder({ 'fanfare.json': JSON.stringify(file) });
  const config = await accepted({ folder, env: { FANFARE_PORT: '0' } });
  const options = describedOptions(config);
  expect(options.map(({ name }) => name).filter((name) => !name.includes('→'))).toEqual(optionPaths);
  const of = (name: string) => options.find((option) => option.name === name);
  expect(of('port')).toMatchObject({ value: '0', source: 'FANFARE_PORT' });
  expect(of('host')).toMatchObject({ value: '127.0.0.1', source: 'default' });
  expect(of('token.secret')).toMatchObject({ value: '(secret)', source: 'fanfare.json' });
  expect(JSON.parse(of('channels → chat:{room}')?.value ?? '')).toEqual({
    subscribe: 'user',
    history: { size: 10, ttl: '90s' },
  });
  expect(JSON.stringify(options)).not.toContain('hunter2');
});
