/** Asks with each `publish` for the position of the publication, which the reply then has: the SDK has no option for that. */

import type { Centrifuge, PublishResult } from 'centrifuge';
import { publishFlags } from '../model/command.js';
import type { StreamPosition } from './message.js';

interface Reply {
  readonly publish?: Partial<StreamPosition>;
}

/** How the SDK itself makes a call. */
interface Calls {
  _methodCall?(): Promise<void>;
  _callPromise?<Result>(command: object, read: (reply: Reply) => Result): Promise<Result>;
}

/** Subscriptions publish through the client, so that theirs have it, too. */
export function askForPositions(sdk: Centrifuge): void {
  // safe: where the SDK has no such methods any more, it publishes as it does
  const calls = sdk as unknown as Calls;
  if (calls._methodCall === undefined || calls._callPromise === undefined) return;
  sdk.publish = async (channel: string, data: unknown): Promise<PublishResult> => {
    await calls._methodCall?.();
    const command = { publish: { channel, data, flag: publishFlags.position } };
    return (await calls._callPromise?.(command, ({ publish }) => publish)) ?? {};
  };
}

/** `undefined` for a channel without a history, and for servers that do not tell. */
export function positionOf(result: PublishResult): StreamPosition | undefined {
  // safe: what is no position is no position
  const { offset, epoch } = result as Partial<StreamPosition>;
  return offset === undefined || epoch === undefined ? undefined : { offset, epoch };
}
