/**
 * `fanfare/ai-sdk`: chats of the AI SDK (`ai`) over streams, for the page and for the server.
 *
 * @module fanfare/ai-sdk
 */

export { type ChatRequest, type ChatTransportOptions, chatTransport, FanfareChatTransport } from './chat-transport.js';
export { type AnswerSoFar, messageOf } from './conversation.js';
export type { FollowedChat } from './follower.js';
export { type ChatAnswer, type ChatOutcome, type PipeChatOptions, pipeChat } from './pipe-chat.js';
