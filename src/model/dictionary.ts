/** A compression dictionary as a client gets it with the reply to its connect command. */

export interface DictionaryOffer {
  /** The first 12 bytes of the SHA-256 of the content, in base64url: it names this content and no other. */
  readonly id: string;
  /** The content, compressed as raw DEFLATE. Absent if the client has said that it has it. */
  readonly deflated?: Uint8Array;
}
