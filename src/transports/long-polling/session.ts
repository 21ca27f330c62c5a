/** The session of a polling client: its polls, and its frames, each of which is processed once. */

import { limitReached } from '../../engine/channels/refusal-lines.js';
import type { Session } from '../../engine/sessions/session.js';
import { disconnectCodes } from '../../model/codes.js';
import type { Recipient } from '../recipient.js';
import type { RequestBinding } from '../request-binding.js';
import type { AddressedSession, SessionAnswer, SessionWords } from '../session-directory.js';
import type { PollingConnection, PollOutcome } from './connection.js';
import { encodeAnswer, isInSessionRequest, type SendRequest } from './messages.js';

interface PollingSessionParts {
  readonly session: Session;
  readonly connection: PollingConnection;
  readonly maxFrameBytes: number;
}

export class PollingSession implements AddressedSession {
  /** Id of the last processed frame. */
  #lastSendId = 0;

  constructor(
    private readonly parts: PollingSessionParts,
    readonly binding: RequestBinding,
  ) {}

  request(words: SessionWords, recipient: Recipient): SessionAnswer | Promise<SessionAnswer> {
    if (!isInSessionRequest(words)) return { status: 400 };
    const request = words;
    switch (request.kind) {
      case 'poll':
        return this.#poll(request.ack, recipient);
      case 'send':
        return this.#send(request);
      case 'close':
        this.parts.connection.end();
        return { status: 204 };
    }
  }

  compromised(): void {
    this.parts.session.close(disconnectCodes.forceReconnect, 'a request of another client had its secret');
  }

  async #poll(ack: number, recipient: Recipient): Promise<SessionAnswer> {
    const { session, connection } = this.parts;
    const { isNew, outcome } = connection.poll(ack, recipient);
    // Polls that acknowledge data are as frequent as its messages; only others can be a flood.
    if (!isNew) session.receiveControl();
    const answer = await outcome;
    if (answer.kind === 'impossible') session.close(disconnectCodes.badRequest, 'acknowledges what was not sent');
    return answerTo(answer);
  }

  #send({ id, frame }: SendRequest): SessionAnswer {
    const { session, maxFrameBytes } = this.parts;
    if (id <= this.#lastSendId) return { status: 204 };
    if (id > this.#lastSendId + 1) return { status: 409 };
    this.#lastSendId = id;
    // The client can still poll the last messages, which have the reason; a 404 would not.
    if (session.is('closed')) return { status: 204 };
    if (Buffer.byteLength(frame) > maxFrameBytes) {
      session.close(disconnectCodes.badRequest, limitReached('maxFrameBytes', maxFrameBytes));
      return { status: 413 };
    }
    session.receive(frame);
    return { status: 204 };
  }
}

function answerTo(outcome: PollOutcome): SessionAnswer {
  switch (outcome.kind) {
    case 'batch':
      return { status: 200, body: encodeAnswer(outcome.batch.seq, outcome.batch.frames) };
    case 'nothing':
      return { status: 200, body: encodeAnswer(outcome.seq, []) };
    case 'over':
      return { status: 404 };
    case 'late':
      return { status: 409 };
    case 'impossible':
      return { status: 400 };
  }
}
