/** An identity provider on this machine: keys that come and go, behind an address that can misbehave. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { LocalServer } from './local-server.js';

/** How requests are answered. */
export type ProviderMode = 'ok' | 'failing' | 'hanging' | 'redirecting' | 'endless' | 'garbage' | 'not a set' | 'cut';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

interface Signer {
  readonly alg: SigningAlgorithm;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export class KeyProvider extends LocalServer {
  mode: ProviderMode = 'ok';
  /** Requests by path; `/keys` is the set, `/elsewhere` where redirects lead. */
  readonly requests = new Map<string, number>();
  protected readonly server = createServer((request, response) => this.#answer(request, response));
  readonly #signers = new Map<string, Signer>();
  /** Called with every request when set. */
  onRequest: (() => void) | undefined;

  static start(port?: number): Promise<KeyProvider> {
    return new KeyProvider().listen(port);
  }

  get origin(): string {
    return super.url;
  }

  /** Address of the key set. */
  override get url(): string {
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
