/** What lets a client read frames that are compressed with a dictionary: a value that an entry of its own makes. */

import type { Centrifuge, TransportName } from 'centrifuge';

/** Given to `connect()`, which uses it; there is nothing in it for an application. */
export interface DictionaryOption {
  /** Of the option. */
  readonly name: 'dictionary';
  /**
   * Puts itself between a client of the SDK that is not connected yet and its codec.
   *
   * @param transport of the attempt that begins
   * @param onUnreadable called at most once, with what the server has sent that cannot be read; from then on the client
   *   asks for no dictionary
   */
  install(sdk: Centrifuge, transport: () => TransportName, onUnreadable: (why: string) => void): void;
}
