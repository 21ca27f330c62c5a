/**
 * What nodes need to talk with each other: the third, optional ability of a broker. The exported suite is the executable
 * form of these texts; what nodes say over it is in `cluster-messages.ts`.
 */

/** Longest payload, in UTF-8 bytes. What is longer is cut by the engine. */
export const maxControlPayloadBytes = 524_288;

/**
 * Carries texts between the nodes of one broker.
 *
 * Delivery is at most once: what is sent while the broker or the receiver cannot be reached is lost, without a signal.
 * What one node sends arrives at another in the order of the calls, whether it was sent to that node or to all; there is
 * no order between different senders.
 */
export interface ControlChannel {
  /**
   * Called once, after the broker's own `start`. Once resolved, everything that other nodes send from then on arrives.
   * Ends with the broker's `close`.
   *
   * @param nodeId unique among the nodes; URL-safe characters
   * @param onMessage called with each payload and the id of the node that sent it, never with the node's own. Payloads
   *   are outside data. Must not throw.
   */
  start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void>;
  /**
   * Sends to all other nodes, or to one; a node that is not there is no error. Resolves when the payload has been handed
   * to the broker, which says nothing about its arrival.
   *
   * @param payload at most {@link maxControlPayloadBytes}
   * @throws FanfareError `ERR_BROKER` when the broker cannot be reached
   */
  send(payload: string, to?: string): Promise<void>;
}
