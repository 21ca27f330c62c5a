/** A server whose publications are traced, from the request of a backend to the sockets of the subscribers. */

import { fileURLToPath } from 'node:url';
import { channel, type FanfareOptions, fanfare } from 'fanfare';
import { startTelemetry, type TelemetryOptions } from './telemetry.js';

interface RunningExample {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** Also sends the last spans. */
  close(): Promise<void>;
}

/** @param port 0: any free port */
export async function startTracingExample(
  port: number,
  telemetry: TelemetryOptions,
  options: Pick<FanfareOptions, 'broker'> = {},
): Promise<RunningExample> {
  const provider = startTelemetry(telemetry);
  const app = fanfare({
    ...options,
    tracing: true,
    anonymous: true,
    channels: { 'news:{topic}': channel({ subscribe: 'anyone', history: { size: 10 } }) },
  });
  // For programs on this machine; others need keys.
  const { url } = await app.listen(port, { api: { insecure: true } });
  return {
    url,
    async close() {
      await app.close(1_000);
      await provider.shutdown();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Everything, which is for trying out; a busy server records one trace of a hundred, or fewer.
  const example = await startTracingExample(Number(process.env.PORT ?? 8000), { ratio: 1 });
  console.log(`listening on ${example.url}`);
  process.once('SIGINT', () => void example.close());
}
