/** The whole page: the chat, as `useChat` has it, between a header and a field to write in. */

import { useChat } from '@ai-sdk/react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Composer } from './composer.js';
import { chat, client, transport } from './connection.js';
import { Header } from './header.js';
import { MessageView } from './message-view.js';
import { Welcome } from './welcome.js';

/** Nearer to the end than this, the page follows what is said. */
const nearPx = 120;

export function Assistant() {
  const { messages, sendMessage, regenerate, status, error } = useChat({ chat, throttle: 40 });
  const [notice, setNotice] = useState('');
  const scroller = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const isSaying = status === 'submitted' || status === 'streaming';

  useEffect(() => transport.follow(chat), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is what is said that makes the page longer
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [messages, status]);

  const ask = (text: string) => {
    isAtEnd.current = true;
    setNotice('');
    void sendMessage({ text });
  };
  const replace = async () => {
    const last = messages.at(-1);
    if (!isSaying || last?.role !== 'assistant') {
      setNotice('Ask something first: the server is replaced in mid-answer.');
      return;
    }
    await client.rpc('replace', { chatId: chat.id, id: last.id });
    setNotice('Another producer has taken over, where the first one was.');
  };

  return (
    <>
      <Header notice={notice} onReplace={replace} />
      <main
        ref={scroller}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearPx;
        }}
      >
        <div className="column" role="log" aria-label="Conversation" aria-busy={isSaying}>
          {messages.length === 0 && !isSaying && <Welcome onAsk={ask} />}
          {messages.map((message, at) => (
            <MessageView
              key={message.id}
              message={message}
              isSaying={isSaying && at === messages.length - 1}
              onAgain={!isSaying && at === messages.length - 1 ? () => void regenerate() : undefined}
            />
          ))}
          {status === 'submitted' && <p className="thinking">Thinking</p>}
          {error !== undefined && (
            <p className="failure" role="alert">
              {error.message}.{' '}
              <button type="button" onClick={() => void regenerate()}>
                Ask again
              </button>
            </p>
          )}
        </div>
      </main>
      <Composer isSaying={isSaying} onAsk={ask} onStop={() => void transport.cancel(chat.id)} />
    </>
  );
}
