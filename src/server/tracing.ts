/** Loads OpenTelemetry's API, an optional package, and makes the tracer of a node. */

import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';
import type { Logger } from '../engine/ports/logger.js';
import type { Tracer } from '../engine/ports/tracer.js';
import { FanfareError } from '../model/fanfare-error.js';
import { otelTracer } from '../observe/otel-tracer.js';
import { version } from './version.js';

/**
 * The installed copy is the application's own, which its SDK has registered with.
 *
 * @returns `undefined` if no SDK is registered, which is logged
 * @throws FanfareError `ERR_CONFIG` if the package is not installed
 */
export function openTracer(log: Logger): Tracer | undefined {
  const tracer = otelTracer(loadApi(), version);
  if (tracer === undefined) {
    log.warn(
      { option: 'tracing' },
      'nothing is traced: no OpenTelemetry SDK was registered before the server was made',
    );
  }
  return tracer;
}

function loadApi(): typeof OpenTelemetry {
  try {
    // Not `import()`, since `fanfare()` returns at once. Both forms of the package share one registry.
    // safe: that is what the package exports
    return createRequire(import.meta.url)('@opentelemetry/api') as typeof OpenTelemetry;
  } catch (cause) {
    throw new FanfareError('ERR_CONFIG', 'tracing needs a package: npm install @opentelemetry/api', { cause });
  }
}
