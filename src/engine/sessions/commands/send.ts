/** `send`: a message to the server outside any channel, without a reply. */

import { disconnectCodes } from '../../../model/codes.js';
import { fromJsonText, type JsonText } from '../../../model/json-text.js';
import { takesNoMessages } from '../close-lines.js';
import type { Session } from '../session.js';

export async function runSend(session: Session, data: JsonText | undefined): Promise<undefined> {
  const { onMessage } = session.node;
  if (onMessage === undefined) session.close(disconnectCodes.notAvailable, takesNoMessages);
  else onMessage(session, data === undefined ? undefined : fromJsonText(data));
}
