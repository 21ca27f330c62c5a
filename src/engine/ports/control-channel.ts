/**
 * The control channel between nodes: the third, optional ability of a broker. The exported suite is the executable form
 * of these comments; the messages are in `cluster/messages.ts`.
 */

/** Longest payload, in UTF-8 bytes. The engine splits longer ones. */
export const maxControlPayloadBytes = 524_288;

/**
 * Carries texts between the nodes of one broker.
 *
 * Delivery is at most once: a text sent while the broker or the receiver cannot be reached is lost, without a signal.
 * The texts of one node arrive at another in the order of the calls, whether sent to that node or to all; there is no
 * order between different senders.
 */
export interface ControlChannel {
  /**
   * Called once, after the broker's own `start`. Once resolved, later texts of other nodes arrive; if the broker
   * consists of several servers, once these have told each other. Ends with the broker's `close`.
   *
   * @param nodeId unique among the nodes; URL-safe characters
   * @param onMessage called with each payload and the id of the node that sent it, never with the node's own. Payloads
   *   are outside data. Must not throw.
   */
  start(nodeId: string, onMessage: (payload: string, from: string) => void): Promise<void>;
  /**
   * Sends to all other nodes, or to one; a missing node is not an error. Resolves when the payload has been passed to
   * the broker, which does not mean that it arrives.
   *
   * @param payload at most {@link maxControlPayloadBytes}
   * @throws FanfareError `ERR_BROKER` when the broker cannot be reached
   */
  send(payload: string, to?: string): Promise<void>;
}
