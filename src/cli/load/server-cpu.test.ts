import { expect, test } from 'vitest';
import { cpuSecondsIn } from './server-cpu.js';

test('the CPU is found, of several processes the sum', () => {
  const metrics = '# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.5\nother 3\n';
  expect(cpuSecondsIn(metrics)).toBe(12.5);
  expect(cpuSecondsIn('process_cpu_seconds_total{worker="1"} 2\nprocess_cpu_seconds_total{worker="2"} 3.5\n')).toBe(
    5.5,
  );
  expect(cpuSecondsIn('process_cpu_user_seconds_total 1\n')).toBeUndefined();
});
