/** The assistant as a Fanfare application; its type gives the page's client its types. */

import { safeValidateUIMessages } from 'ai';
import { type FanfareOptions, fanfare, RpcError, rpc } from 'fanfare';
import * as v from 'valibot';
import { type AnsweringApp, Answers } from './answers.js';
import { assistantChannels } from './channels.js';
import { scriptedModel } from './model/scripted-model.js';

const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/));
const question = v.object({ chatId: id, id, messages: v.array(v.unknown()) });
const answer = v.object({ chatId: id, id });

function declared(answers: Answers) {
  return {
    channels: assistantChannels,
    rpc: {
      ask: rpc({
        input: question,
        allow: 'anyone',
        async run({ chatId, id, messages: given }) {
          const messages = await safeValidateUIMessages({ messages: given });
          if (!messages.success) throw new RpcError(1400, 'these are no messages of a chat');
          await answers.begin({ chatId, id, messages: messages.data });
        },
      }),
      /** The answer has lost its producer. */
      goOn: rpc({ input: answer, allow: 'anyone', run: ({ chatId, id }) => answers.goOn(chatId, id) }),
      /** What happens when a server is replaced, for the button of the page. */
      replace: rpc({ input: answer, allow: 'anyone', run: ({ chatId, id }) => answers.takeOver(chatId, id) }),
    },
  };
}

export interface AssistantOptions extends Pick<FanfareOptions, 'broker' | 'limits' | 'log' | 'origins'> {
  /** Between two words. Default: 40. */
  readonly paceMs?: number;
}

export function assistantApp({ paceMs = 40, ...options }: AssistantOptions = {}) {
  const answers = new Answers(scriptedModel(paceMs));
  const app = fanfare({ ...options, anonymous: true, ...declared(answers) });
  answers.connect(app);
  return app;
}

export type AssistantApp = ReturnType<typeof assistantApp>;

/** What `fanfare dev` adds to its server. */
export function example() {
  const answers = new Answers(scriptedModel(40));
  return {
    ...declared(answers),
    async start({ app }: { readonly app: AnsweringApp }) {
      answers.connect(app);
      return [['model', 'a script: no network, no key']] as const;
    },
  };
}
