import { channel, fanfare } from 'fanfare';
import { z } from 'zod';

const app = fanfare({
  anonymous: true,
  channels: {
    'chat:{room}': channel({ message: z.object({ text: z.string() }), subscribe: 'anyone', publish: 'anyone' }),
  },
});
export type App = typeof app;
await app.listen(8000);
