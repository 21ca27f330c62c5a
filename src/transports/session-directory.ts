/** Finds the session that a request of its own is for: on this node, or through the cluster on another. */

import type { Random } from '../engine/ports/clock.js';
import type { Recipient } from './recipient.js';
import { digestOf, isSameClient, type RequestBinding } from './request-binding.js';

/** A client's request to its session. Plain data: it may have to travel to the node that has the session. */
export interface SessionRequest {
  /** Id of the node that has opened the session. */
  readonly node: string;
  /** The secret that the client was given with the reply to `connect`. */
  readonly session: string;
  readonly binding: RequestBinding;
  readonly words: SessionWords;
}

/** What is asked of a session, in the words of its transport: whoever names it may be speaking another's. */
export type SessionWords = string | Readonly<Record<string, string | number>>;

/** As HTTP says it: the status, and a body where there is one. 404 for a session that is not there. */
export interface SessionAnswer {
  readonly status: number;
  readonly body?: string | Uint8Array;
}

/** A session whose client addresses it in requests, because no connection carries everything. */
export interface AddressedSession {
  /** Of the request that opened it. */
  readonly binding: RequestBinding;
  /** A request of its own client. @param recipient leaves when nobody waits for the answer any more */
  request(words: SessionWords, recipient: Recipient): SessionAnswer | Promise<SessionAnswer>;
  /**
   * A request had the secret and came from elsewhere: the secret is known to others, or the client's cookies are new
   * ones. Either way it should connect again.
   */
  compromised(): void;
}

/** The other nodes, behind the control channel of a cluster. */
export interface SessionPeers {
  /** Passes a request on to its node and resolves with the answer; 404 when there is no such node. */
  forward(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer>;
}

const notFound: SessionAnswer = { status: 404 };
const noPeers: SessionPeers = { forward: async () => notFound };

/** The place of a session in the directory. */
export interface SessionAddress {
  /** For its client alone. Other clients see the client's id, which is something else. */
  readonly secret: string;
  /** For {@link SessionDirectory.remove}; tells nothing about the secret. */
  readonly key: string;
}

export class SessionDirectory {
  readonly #nodeId: string;
  readonly #random: Random;
  readonly #peers: SessionPeers;
  /** By digest, so that how long a look-up takes tells nothing about any secret. */
  readonly #sessions = new Map<string, AddressedSession>();

  constructor(nodeId: string, random: Random, peers: SessionPeers = noPeers) {
    this.#nodeId = nodeId;
    this.#random = random;
    this.#peers = peers;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Makes a place before the session is there, because the session has to know its secret. */
  newAddress(): SessionAddress {
    const secret = this.#random.id();
    return { secret, key: digestOf(secret) };
  }

  add({ key }: SessionAddress, session: AddressedSession): void {
    this.#sessions.set(key, session);
  }

  remove({ key }: SessionAddress): void {
    this.#sessions.delete(key);
  }

  /** A request that has come to this node from a client. */
  async request(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer> {
    return request.node === this.#nodeId ? this.answer(request, recipient) : this.#peers.forward(request, recipient);
  }

  /** A request for a session of this node, from a client or from a peer. */
  async answer(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer> {
    const session = this.#sessions.get(digestOf(request.session));
    if (session === undefined) return notFound;
    if (isSameClient(session.binding, request.binding)) return session.request(request.words, recipient);
    session.compromised();
    return { status: 401 };
  }
}
