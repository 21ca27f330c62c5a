/** Finds the session of a request: on this node, or through the cluster on another. */

import type { Random } from '../engine/ports/clock.js';
import type { EncodedMessage } from '../protocols/protocol.js';
import type { Recipient } from './recipient.js';
import { digestOf, isSameClient, type RequestBinding } from './request-binding.js';

/** A client's request to its session. Only data, since it may be forwarded to the node that has the session. */
export interface SessionRequest {
  /** Id of the node that has opened the session. */
  readonly node: string;
  /** The secret that the client got with the reply to `connect`. */
  readonly session: string;
  readonly binding: RequestBinding;
  readonly words: SessionWords;
}

/**
 * The request in a transport's own format, here a frame of its codec or the fields of a request; the session may belong to
 * another transport.
 */
export type SessionWords = EncodedMessage | Readonly<Record<string, string | number>>;

/** The HTTP status, and a body if there is one. 404 for a missing session. */
export interface SessionAnswer {
  readonly status: number;
  readonly body?: string | Uint8Array;
}

/** A session whose client names it in each request, because there is no single connection. */
export interface AddressedSession {
  /** Of the request that opened the session. */
  readonly binding: RequestBinding;
  /** Takes a request of the session's client. @param recipient tells when the client no longer waits for the answer */
  request(words: SessionWords, recipient: Recipient): SessionAnswer | Promise<SessionAnswer>;
  /**
   * A request had the secret but another binding: the secret has leaked, or the client's cookies have changed. In both
   * cases the client should connect again.
   */
  compromised(): void;
}

/** The other nodes, behind the control channel of a cluster. */
export interface SessionPeers {
  /** Forwards a request to its node and resolves with the answer; 404 if there is no such node. */
  forward(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer>;
}

const notFound: SessionAnswer = { status: 404 };
const noPeers: SessionPeers = { forward: async () => notFound };

/** The address of a session in the directory. */
export interface SessionAddress {
  /** Only for its client. Other clients see the client id, which is different. */
  readonly secret: string;
  /** For {@link SessionDirectory.remove}; reveals nothing about the secret. */
  readonly key: string;
}

export class SessionDirectory {
  /** By digest, so that the time of a look-up reveals nothing about the secrets. */
  readonly #sessions = new Map<string, AddressedSession>();

  constructor(
    private readonly nodeId: string,
    private readonly random: Random,
    private readonly peers: SessionPeers = noPeers,
  ) {}

  get size(): number {
    return this.#sessions.size;
  }

  /** Makes an address before the session exists, because the session has to know its secret. */
  newAddress(): SessionAddress {
    const secret = this.random.id();
    return { secret, key: digestOf(secret) };
  }

  add({ key }: SessionAddress, session: AddressedSession): void {
    this.#sessions.set(key, session);
  }

  remove({ key }: SessionAddress): void {
    this.#sessions.delete(key);
  }

  /** Takes a request that a client has sent to this node. */
  async request(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer> {
    return request.node === this.nodeId ? this.answer(request, recipient) : this.peers.forward(request, recipient);
  }

  /** Takes a request for a session of this node, from a client or from another node. */
  async answer(request: SessionRequest, recipient: Recipient): Promise<SessionAnswer> {
    const session = this.#sessions.get(digestOf(request.session));
    if (session === undefined) return notFound;
    if (isSameClient(session.binding, request.binding)) return session.request(request.words, recipient);
    session.compromised();
    return { status: 401 };
  }
}
