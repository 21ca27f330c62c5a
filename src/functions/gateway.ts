/** What holds the sockets while functions come and go, such as API Gateway. */

/**
 * `sent`: the gateway has it, and the client gets it after everything before. `gone`: the connection has ended. `unknown`: it
 * may or may not have been sent.
 */
export type PostOutcome = 'sent' | 'gone' | 'unknown';

/** Never rejects. A connection is named by the endpoint where it lives, and its id there. */
export interface Gateway {
  /**
   * Sends one message of at most {@link maxPostBytes}.
   *
   * @param withinMs afterwards nothing may be sent any more
   */
  post(endpoint: string, id: string, message: Uint8Array, withinMs: number): Promise<PostOutcome>;
  /** Whether the connection is open; `unknown` counts as open. */
  isOpen(endpoint: string, id: string): Promise<boolean>;
  /** Ends the connection, if it is there. */
  close(endpoint: string, id: string): Promise<void>;
}

/** Most bytes of one message. */
export const maxPostBytes = 131_072;
