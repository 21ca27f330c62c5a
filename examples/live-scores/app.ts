/** The match day as a Fanfare application; its type gives the pages' client its types. */

import { type FanfareOptions, fanfare, jwt, RpcError, rpc } from 'fanfare';
import * as v from 'valibot';
import { scoreChannels } from './channels.js';
import { type DeskOptions, newDeskCode, openDesk } from './desk.js';
import { type FeedHost, startFeed } from './feed/feed.js';

const ticket = v.object({
  code: v.pipe(v.string(), v.maxLength(40)),
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(40)),
});

/** Channels and procedures. */
function declared(desk: DeskOptions) {
  return {
    channels: scoreChannels,
    rpc: {
      /** What a commentator gets for the code: a token that lets its bearer write commentary. */
      openDesk: rpc({
        input: ticket,
        allow: 'anyone',
        async run(input) {
          const token = await openDesk(input, desk);
          if (token === undefined) throw new RpcError(1403, 'that is not the code of the desk');
          return { token };
        },
      }),
    },
  };
}

/** @param options what the match day leaves open: limits, origins, a broker, a log */
export function scoresApp(
  desk: DeskOptions,
  options: Pick<FanfareOptions, 'broker' | 'limits' | 'log' | 'origins'> = {},
) {
  return fanfare({ ...options, ...declared(desk), anonymous: true, auth: jwt({ secret: desk.tokenSecret }) });
}

export type ScoresApp = ReturnType<typeof scoresApp>;

/** What `fanfare dev` adds to its server. */
export function example({ tokenSecret }: { readonly tokenSecret: string }) {
  const code = process.env.SCORES_CODE ?? newDeskCode();
  return {
    ...declared({ tokenSecret, code }),
    async start(host: FeedHost & { readonly url: string }) {
      const feed = await startFeed(host);
      return [
        ['commentary', `${host.url}/#/desk?code=${code}`],
        ['feed', feed],
      ] as const;
    },
  };
}
