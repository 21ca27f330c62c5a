/** `fanfare plan`: how many machines a load needs, from benchmark results. */

import { defaultLimits } from '../engine/ports/limits.js';
import { type Command, exitCodes, failed, flagIsOn, flagText, type ParsedArguments, UsageError } from './command.js';
import { capacityFor, type Machine } from './plan/capacity.js';
import { functionCosts, prices, renderFunctionCosts } from './plan/functions.js';
import { measured } from './plan/measured.js';
import type { Measured } from './plan/measured-types.js';
import { parseQuantity, parseSize } from './plan/quantities.js';
import { renderPlan } from './plan/report.js';
import { suggestionsFor } from './plan/suggestions.js';
import { type BrokerName, brokerNames, type Load } from './plan/use.js';

const defaultPayloadBytes = 128;
const defaultCores = 4;
const defaultMemoryBytes = 8 * 2 ** 30;
const maxConnections = 1e9;
const maxRate = 1e9;

export const plan: Command = planCommand(measured);

/** The command, with these constants. */
export function planCommand(measured: Measured): Command {
  return {
    name: 'plan',
    usage: '--connections <number> [--rate <number> --fanout <number>] [flags]',
    about: [
      'Calculates machines, processes, CPU, memory, network and limits for a load, from what the benchmarks have measured.',
      'Numbers may be written 50000, 1e6, 20k or 1.5M. The result holds for WebSocket and a processor like the one of the',
      'measurements, and has headroom: see docs/operations/scaling.md.',
    ],
    flags: {
      connections: { about: 'Clients that are connected at the same time.', value: 'number' },
      rate: { about: 'Publications a second, over all channels. Default: 0.', value: 'number' },
      fanout: { about: 'Subscribers that a publication has, on average.', value: 'number' },
      payload: { about: 'Size of a message. Default: 128 bytes.', value: 'size' },
      connects: { about: 'Connects a second in ordinary times. Default: 0.', value: 'number' },
      history: { about: 'Channels keep history.' },
      broker: {
        about: `One of ${brokerNames.join(', ')}. Default: the simplest that does.`,
        value: 'name',
      },
      cores: { about: `Cores of a machine. Default: ${defaultCores}.`, value: 'number' },
      memory: { about: 'Memory of a machine. Default: 8GiB.', value: 'size' },
      on: { about: 'lambda: what functions of AWS would cost a month, in place of machines.', value: 'place' },
      json: { about: 'Print JSON.' },
    },
    listsOptions: false,
    async run(parsed, { terminal }) {
      const load = loadOf(parsed);
      if (isOnFunctions(parsed)) {
        const lines = flagIsOn(parsed, 'json')
          ? [JSON.stringify({ load, functions: functionCosts(load), prices }, null, 2)]
          : renderFunctionCosts(load);
        for (const line of lines) terminal.out(line);
        return exitCodes.ok;
      }
      const machine: Machine = {
        cores: whole(parsed, 'cores', { fallback: defaultCores, min: 1, max: 1_024 }),
        memoryBytes: size(parsed, 'memory', { fallback: defaultMemoryBytes, min: 2 ** 28, max: 2 ** 50 }),
      };
      const capacity = capacityFor(measured, load, machine, brokerOf(parsed));
      if ('reason' in capacity) return failed(terminal, `this load cannot be carried: ${capacity.reason}`);
      const suggestions = suggestionsFor(load, machine, capacity);
      if (flagIsOn(parsed, 'json')) {
        terminal.out(JSON.stringify({ load, machine, capacity, suggestions, measuredOn: measured.machine }, null, 2));
        return exitCodes.ok;
      }
      for (const line of renderPlan(measured, { load, machine, capacity, suggestions })) terminal.out(line);
      return exitCodes.ok;
    },
  };
}

/** @throws UsageError */
function loadOf(parsed: ParsedArguments): Load {
  if (flagText(parsed, 'connections') === undefined) {
    throw new UsageError('--connections is missing: how many clients are connected at the same time?');
  }
  const connections = whole(parsed, 'connections', { fallback: 0, min: 1, max: maxConnections });
  const ratePerSec = number(parsed, 'rate', { fallback: 0, min: 0, max: maxRate });
  const fanout = number(parsed, 'fanout', { fallback: 0, min: 0, max: maxConnections });
  if (ratePerSec > 0 && flagText(parsed, 'fanout') === undefined) {
    throw new UsageError('--fanout is missing: how many subscribers does a publication have?');
  }
  if (fanout > 0 && flagText(parsed, 'rate') === undefined) {
    throw new UsageError('--rate is missing: how many publications are there in a second?');
  }
  if (fanout > connections) throw new UsageError(`--fanout: no publication has more subscribers than ${connections}`);
  return {
    connections,
    ratePerSec,
    fanout,
    payloadBytes: size(parsed, 'payload', {
      fallback: defaultPayloadBytes,
      min: 1,
      max: defaultLimits.maxMessageBytes,
    }),
    connectsPerSec: number(parsed, 'connects', { fallback: 0, min: 0, max: maxRate }),
    history: flagIsOn(parsed, 'history'),
  };
}

/** @throws UsageError */
function isOnFunctions(parsed: ParsedArguments): boolean {
  const place = flagText(parsed, 'on');
  if (place === undefined || place === 'lambda') return place !== undefined;
  throw new UsageError(`--on: "${place}" is not lambda`);
}

/** @throws UsageError */
function brokerOf(parsed: ParsedArguments): BrokerName | undefined {
  const text = flagText(parsed, 'broker');
  if (text === undefined) return undefined;
  const name = brokerNames.find((known) => known === text);
  if (name === undefined) throw new UsageError(`--broker: "${text}" is none of ${brokerNames.join(', ')}`);
  return name;
}

interface Range {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/** @throws UsageError */
function whole(parsed: ParsedArguments, name: string, range: Range): number {
  const value = number(parsed, name, range);
  if (!Number.isSafeInteger(value))
    throw new UsageError(`--${name}: "${flagText(parsed, name)}" is not a whole number`);
  return value;
}

/** @throws UsageError */
function number(parsed: ParsedArguments, name: string, range: Range): number {
  return inRange(parsed, name, range, parseQuantity, 'no number; write one like 50000, 1e6 or 20k');
}

/** @throws UsageError */
function size(parsed: ParsedArguments, name: string, range: Range): number {
  return inRange(parsed, name, range, parseSize, 'no size; write bytes, or one like 512B, 4KiB or 8GiB');
}

function inRange(
  parsed: ParsedArguments,
  name: string,
  { fallback, min, max }: Range,
  parse: (text: string) => number | undefined,
  otherwise: string,
): number {
  const text = flagText(parsed, name);
  if (text === undefined) return fallback;
  const value = parse(text);
  if (value === undefined) throw new UsageError(`--${name}: "${text}" is ${otherwise}`);
  if (value < min || value > max) throw new UsageError(`--${name}: "${text}" is not between ${min} and ${max}`);
  return value;
}
