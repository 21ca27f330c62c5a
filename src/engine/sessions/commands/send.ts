/** `send`: a message to the server outside any channel, without a reply. */

import { disconnectCodes } from '../../../model/codes.js';
import { type JsonPayload, payloadValue } from '../../../model/payload.js';
import { takesNoMessages } from '../close-lines.js';
import type { Session } from '../session.js';

/** Receives messages outside channels. */
export interface SendPorts {
  /** Absent: the application accepts no messages. */
  readonly onMessage: ((session: Session, data: unknown) => void) | undefined;
}

export async function runSend(ports: SendPorts, session: Session, data: JsonPayload | undefined): Promise<undefined> {
  const { onMessage } = ports;
  if (onMessage === undefined) session.close(disconnectCodes.notAvailable, takesNoMessages);
  else onMessage(session, data === undefined ? undefined : payloadValue(data));
}
