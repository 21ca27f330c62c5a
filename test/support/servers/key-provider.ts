/** An identity provider on this machine: keys that come and go, behind an address that can misbehave. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** How requests are answered. */
export type ProviderMode = 'ok' | 'failing' | 'hanging' | 'redirecting' | 'endless' | 'garbage' | 'not a set' | 'cut';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

interface Signer {
  readonly alg: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export class KeyProvider implements AsyncDisposable {
  mode: ProviderMode = 'ok';
  /** Requests by path; `/keys` is the set, `/elsewhere` where redirects lead. */
  readonly requests = new Map<string, number>();
  readonly #server: Server;
  readonly #signers = new Map<string, Signer>();
  /** Called with every request when set. */
  onRequest: (() => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  static async start(port = 0): Promise<KeyProvider> {
    const server = createServer();
    const provider = new KeyProvider(server);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return provider;
  }

  get origin(): string {
    // safe: it listens on TCP
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Address of the key set. */
  get url(): string {
    return `${this.origin}/keys`;
  }

  /** How often the set was asked for. */
  get numFetches(): number {
    return this.requests.get('/keys') ?? 0;
  }

  /** Makes a key and puts it into the set. */
  async add(kid: string, alg: SigningAlgorithm = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.#signers.set(kid, { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } });
  }

  /** Takes a key out of the set; it can still sign. */
  withdraw(kid: string): void {
    const signer = this.#signers.get(kid);
    if (signer !== undefined) this.#signers.set(kid, { ...signer, jwk: {} });
  }

  /** @param header in place of what is right */
  async sign(kid: string, claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const signer = this.#signers.get(kid);
    if (signer === undefined) throw new Error(`no key ${kid}`);
    return new SignJWT(claims).setProtectedHeader({ alg: signer.alg, kid, ...header }).sign(signer.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.set(path, (this.requests.get(path) ?? 0) + 1);
    this.onRequest?.();
    const set = JSON.stringify({ keys: [...this.#signers.values()].map(({ jwk }) => jwk).filter(({ kty }) => kty) });
    response.setHeader('Content-Type', 'application/json');
    // So that nothing is held open between two fetches.
    response.setHeader('Connection', 'close');
    if (path !== '/keys') {
      response.end(set);
      return;
    }
    switch (this.mode) {
      case 'ok':
        response.end(set);
        break;
      case 'failing':
        // With a body that would be good.
        response.writeHead(500).end(set);
        break;
      case 'redirecting':
        response.writeHead(302, { Location: `${this.origin}/elsewhere` }).end(set);
        break;
      case 'garbage':
        response.end('<html>');
        break;
      case 'not a set':
        response.end('{"keys":"none"}');
        break;
      case 'endless':
        // Good JSON and all, only that it does not end.
        response.write(set.slice(0, -1));
        // Only as fast as it is taken, and no longer than somebody is there: it fails with its reader, as it should.
        pipeline(spaces(), response).catch(() => undefined);
        break;
      case 'cut':
        request.socket.destroy();
        break;
      case 'hanging':
        response.write(set.slice(0, 1));
    }
  }
}

function* spaces(): Iterable<string> {
  for (;;) yield ' '.repeat(65_536);
}
