/** What a question to the server fails with. */

export class ClientError extends Error {
  override readonly name = 'ClientError';
}
