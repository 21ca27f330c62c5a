/** API Gateway's management API: `@connections`. */

import type { Clock, Random } from '../engine/ports/clock.js';
import type { Logger } from '../engine/ports/logger.js';
import { pause } from '../engine/time/pause.js';
import type { Gateway, PostOutcome } from '../functions/gateway.js';
import { FanfareError } from '../model/fanfare-error.js';

type Library = typeof import('@aws-sdk/client-apigatewaymanagementapi');
type Client = InstanceType<Library['ApiGatewayManagementApiClient']>;

interface ApiGatewayPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A call that takes longer may or may not have been carried out. */
const callTimeoutMs = 5_000;
const connectTimeoutMs = 2_000;
/** Pauses after API Gateway has answered that there are too many calls. */
const minPauseMs = 50;
const maxPauseMs = 1_000;

export class ApiGateway implements Gateway {
  readonly #ports: ApiGatewayPorts;
  /** By endpoint: of one API and its stages there are few. */
  readonly #clients = new Map<string, Client>();
  #library: Promise<Library> | undefined;

  constructor(ports: ApiGatewayPorts) {
    this.#ports = ports;
  }

  async post(endpoint: string, id: string, message: Uint8Array, withinMs: number): Promise<PostOutcome> {
    const { clock, random, log } = this.#ports;
    const { PostToConnectionCommand } = await this.#load();
    const client = await this.#clientOf(endpoint);
    const endsAtMs = clock.nowMs() + withinMs;
    for (let pauseMs = minPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const leftMs = endsAtMs - clock.nowMs();
      if (leftMs <= 0) return 'unknown';
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: message }), {
          abortSignal: AbortSignal.timeout(Math.ceil(Math.min(leftMs, callTimeoutMs))),
        });
        return 'sent';
      } catch (error) {
        const status = statusOf(error);
        if (status === 410) return 'gone';
        if (status !== 429) {
          log.warn({ err: error, client: id, status }, 'a message may not have reached API Gateway');
          return 'unknown';
        }
      }
      // Refused before anything was sent.
      await pause(clock, pauseMs * (0.5 + random.unit()));
    }
  }

  async isOpen(endpoint: string, id: string): Promise<boolean> {
    try {
      const { GetConnectionCommand } = await this.#load();
      await (await this.#clientOf(endpoint)).send(new GetConnectionCommand({ ConnectionId: id }), withTimeout());
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 410) return false;
      if (status !== 429)
        this.#ports.log.warn({ err: error, client: id, status }, 'API Gateway was not asked for a connection');
      return true;
    }
  }

  async close(endpoint: string, id: string): Promise<void> {
    const { clock, log } = this.#ports;
    for (let pauseMs = minPauseMs; pauseMs <= maxPauseMs; pauseMs *= 2) {
      try {
        const { DeleteConnectionCommand } = await this.#load();
        await (await this.#clientOf(endpoint)).send(new DeleteConnectionCommand({ ConnectionId: id }), withTimeout());
        return;
      } catch (error) {
        const status = statusOf(error);
        if (status === 410) return;
        if (status !== 429) {
          log.warn({ err: error, client: id, status }, 'API Gateway has not closed a connection');
          return;
        }
        await pause(clock, pauseMs);
      }
    }
  }

  async #clientOf(endpoint: string): Promise<Client> {
    const { ApiGatewayManagementApiClient } = await this.#load();
    let client = this.#clients.get(endpoint);
    if (client === undefined) {
      client = new ApiGatewayManagementApiClient({
        endpoint,
        // A second attempt after an unclear answer would send a message twice.
        maxAttempts: 1,
        requestHandler: { connectionTimeout: connectTimeoutMs, requestTimeout: callTimeoutMs },
      });
      this.#clients.set(endpoint, client);
    }
    return client;
  }

  /** @throws FanfareError `ERR_CONFIG` when it is not installed */
  #load(): Promise<Library> {
    this.#library ??= import('@aws-sdk/client-apigatewaymanagementapi').catch((cause: unknown) => {
      this.#library = undefined;
      const text = 'fanfare/aws needs a package: npm install @aws-sdk/client-apigatewaymanagementapi';
      throw new FanfareError('ERR_CONFIG', text, { cause });
    });
    return this.#library;
  }
}

function withTimeout() {
  return { abortSignal: AbortSignal.timeout(callTimeoutMs) };
}

/** Of the answer; `undefined` if there was none. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
