import { expect, test } from 'vitest';
import { functionCosts, renderFunctionCosts } from './functions.js';

const load = { connections: 0, ratePerSec: 0, fanout: 0, payloadBytes: 128, connectsPerSec: 0, history: true };
const secondsOfMonth = 30 * 86_400;

test('a million messages to ten connections each', () => {
  const costs = functionCosts({ ...load, ratePerSec: 1e6 / secondsOfMonth, fanout: 10 });
  // 12 million messages; a million events of 55 ms with 512 MB; 30 units of writing for each.
  expect(costs.gatewayUsd).toBeCloseTo(12, 5);
  expect(costs.lambdaUsd).toBeCloseTo(0.2 + 1e6 * 0.055 * 0.5 * 0.000_013_333_4 + 0.2 * 0.0432, 3);
  expect(costs.dynamoUsd).toBeCloseTo(30 * 0.625 + 2 * 0.125, 5);
  expect(costs.sumUsd).toBeCloseTo(costs.gatewayUsd + costs.lambdaUsd + costs.dynamoUsd, 8);
  expect(costs.usdPerMillionDeliveries).toBeCloseTo(costs.sumUsd / 10, 1);
  expect(costs.breakEvenDeliveries).toBeGreaterThan(3e6);
  expect(costs.breakEvenDeliveries).toBeLessThan(4e6);
});

test('silent connections cost their minutes and a ping each eight', () => {
  const { gatewayUsd, usdPerMillionDeliveries } = functionCosts({ ...load, connections: 1_000 });
  expect(gatewayUsd).toBeCloseTo(1_000 * 43_200 * 0.25e-6 + 1_000 * 5_400 * 1e-6, 6);
  expect(usdPerMillionDeliveries).toBeUndefined();
});

test('large messages count as several', () => {
  const one = functionCosts({ ...load, ratePerSec: 1, fanout: 100, history: false });
  const three = functionCosts({ ...load, ratePerSec: 1, fanout: 100, history: false, payloadBytes: 70_000 });
  expect(three.gatewayUsd / one.gatewayUsd).toBeCloseTo(3, 1);
});

test('says from which deliveries on a machine is cheaper, or that it is in any case', () => {
  expect(renderFunctionCosts({ ...load, connections: 400, ratePerSec: 0.1, fanout: 5 }).join(' ')).toMatch(
    /from \d[\d,]+00 deliveries a month on/,
  );
  expect(renderFunctionCosts({ ...load, connections: 1e5, ratePerSec: 1, fanout: 5 }).join(' ')).toContain(
    'in any case',
  );
});
