/** The tracer over OpenTelemetry's API, with an SDK whose spans stay in memory. */

import * as api from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  idsOf,
  type RecordedSpans,
  recordSpans,
  unregisterTelemetry,
} from '../../test/support/servers/recorded-spans.js';
import type { SpanOptions, Tracer } from '../engine/ports/tracer.js';
import { otelTracer } from './otel-tracer.js';

const options: SpanOptions = { name: 'work', kind: 'internal', attributes: {} };
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('without an SDK there is no tracer', () => {
  expect(otelTracer(api, '1')).toBeUndefined();
});

describe('with an SDK', () => {
  let spans: RecordedSpans;
  let tracer: Tracer;
  beforeEach(() => {
    spans = recordSpans(1);
    const made = otelTracer(api, '1');
    if (made === undefined) throw new Error('there is an SDK');
    tracer = made;
  });
  afterEach(unregisterTelemetry);

  test('looking for it records nothing', () => expect(spans.all()).toEqual([]));

  test('a span goes on from its trace elsewhere, with the state of vendors', () => {
    const span = tracer.begin({ ...options, from: `00-${traceId}-${spanId}-01;vendor=a:b,other=1` });
    expect(span.trace).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-01;vendor=a:b,other=1$`));
    span.end();
    const [recorded] = spans.all();
    expect(recorded && idsOf(recorded)).toMatchObject({ trace: traceId, parent: spanId });
  });

  test.each([
    ['not sampled', `00-${traceId}-${spanId}-00`],
    ['empty', ''],
    ['not a trace', 'hello'],
    ['all zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['no span', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a state that is too long', `00-${traceId}-${spanId}-01;${'x'.repeat(513)}`],
    ['lines', `00-${traceId}-${spanId}-01;a=b\nc=d`],
  ])('from a trace that is %s nothing is recorded', (_, from) => {
    const span = tracer.begin({ ...options, from });
    expect(span.trace).toBeUndefined();
    expect(span.run(() => tracer.currentTraceId())).toBeUndefined();
    span.set({ a: 1 });
    span.end(new Error('no'));
    expect(spans.all()).toEqual([]);
  });

  test('within the work of a span it is current, and continued by headers', async () => {
    const span = tracer.begin(options);
    await span.run(async () => {
      await Promise.resolve();
      expect(tracer.current()).toBe(span.trace);
      expect(tracer.currentTraceId()).toBe(span.trace?.slice(3, 35));
    });
    expect(span.headers()).toEqual({ traceparent: span.trace });
    expect([tracer.current(), tracer.currentTraceId()]).toEqual([undefined, undefined]);
    span.end();
  });

  test('during its own work it is current until that returns, and not for what was awaited', async () => {
    const [outer, inner] = [tracer.begin(options), tracer.begin(options)];
    await outer.during(async () => {
      expect(tracer.current()).toBe(outer.trace);
      inner.during(() => expect(tracer.current()).toBe(inner.trace));
      inner.run(() => expect(tracer.current()).toBe(inner.trace));
      expect(tracer.current()).toBe(outer.trace);
      const child = tracer.begin(options);
      child.end();
      await Promise.resolve();
      expect(tracer.current()).toBeUndefined();
    });
    expect(() =>
      outer.during(() => {
        throw new RangeError('thrown');
      }),
    ).toThrow(RangeError);
    expect(tracer.current()).toBeUndefined();
    const [child] = spans.all();
    expect(child && `00-${idsOf(child).trace}-${idsOf(child).parent}-01`).toBe(outer.trace);
  });

  test('headers continue a trace that is not recorded, so that others do not record it either', () => {
    const span = tracer.accept({ traceparent: `00-${traceId}-${spanId}-00` }, options);
    expect(span.trace).toBeUndefined();
    expect(span.headers().traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  });

  test('an error is a name or a code, never a text', () => {
    const failures = [
      Object.assign(new Error('secret'), { code: 'ERR_BROKER' }),
      new TypeError('secret'),
      'secret',
      null,
    ];
    for (const failure of failures) tracer.begin(options).end(failure);
    expect(spans.all().map(({ attributes }) => attributes['error.type'])).toEqual([
      'ERR_BROKER',
      'TypeError',
      'unknown',
      'unknown',
    ]);
    expect(JSON.stringify(spans.all().map(({ status, events }) => [status, events]))).not.toContain('secret');
  });
});
