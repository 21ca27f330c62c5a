/** What the page has one of: the line, the client over it, and the transport of its chat. */

import { Chat } from '@ai-sdk/react';
import { chatTransport } from 'fanfare/ai-sdk';
import { connect } from 'fanfare/client';
import type { AssistantApp } from '../app.js';
import { Line } from './line.js';

/** The model needs no more of a long chat, and a request has to fit into one frame. */
const numMessagesSent = 6;

export const line = new Line();

export const client = connect<AssistantApp>('/', { websocket: line.websocket });

export const transport = chatTransport(client, {
  channel: (chatId) => `chat:${chatId}`,
  send: ({ chatId, id, messages }) => client.rpc('ask', { chatId, id, messages: messages.slice(-numMessagesSent) }),
  resume: ({ chatId, id }) => client.rpc('goOn', { chatId, id }),
});

/** The chat that the address names; without one, a new one. */
function chatIdOfPage(): string {
  const named = decodeURIComponent(location.hash.slice(1));
  if (/^[\w-]{1,64}$/.test(named)) return named;
  const id = crypto.randomUUID().slice(0, 8);
  history.replaceState(null, '', `#${id}`);
  return id;
}

export const chat = new Chat({ id: chatIdOfPage(), transport });
