/** An application behind the emulated API Gateway, in functions of this process, with a schedule for its sweep. */

import type { LambdaHandler } from '../../../src/aws/index.js';
import { type ApiGatewayOptions, EmulatedApiGateway } from './api-gateway.js';

// The SDK signs with them; the emulator checks that it does.
process.env.AWS_ACCESS_KEY_ID ??= 'emulated';
process.env.AWS_SECRET_ACCESS_KEY ??= 'emulated';
process.env.AWS_REGION ??= 'eu-central-1';
// These versions are for Node 20, too; later ones will not be.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

export interface EmulatedFunctionsOptions extends Omit<ApiGatewayOptions, 'invoke'> {
  /** Makes the handler of a function, for an API at the endpoint. */
  readonly makeHandler: (endpoint: string) => LambdaHandler;
  /** Time between two sweeps; the next one begins when the last has ended. Default: none but by {@link EmulatedFunctions.sweep}. */
  readonly sweepMs?: number;
}

const scheduledEvent = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
const context = { getRemainingTimeInMillis: () => 20_000 };

export class EmulatedFunctions implements AsyncDisposable {
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(
    readonly gateway: EmulatedApiGateway,
    private readonly handler: LambdaHandler,
  ) {}

  static async start({ makeHandler, sweepMs, ...options }: EmulatedFunctionsOptions): Promise<EmulatedFunctions> {
    let handler: LambdaHandler | undefined;
    const gateway = await EmulatedApiGateway.start({
      ...options,
      invoke: async (event) => handler?.(event, { ...context }),
    });
    handler = makeHandler(gateway.endpoint);
    const functions = new EmulatedFunctions(gateway, handler);
    if (sweepMs !== undefined) functions.#sweepAgainIn(sweepMs);
    return functions;
  }

  async sweep(): Promise<void> {
    await this.handler(scheduledEvent, { ...context });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.gateway[Symbol.asyncDispose]();
    await this.handler.close();
  }

  #sweepAgainIn(ms: number): void {
    this.#timer = setTimeout(async () => {
      // One that has died leaves the rest to the next.
      await this.sweep().catch(() => undefined);
      if (!this.#isClosed) this.#sweepAgainIn(ms);
    }, ms);
  }
}
