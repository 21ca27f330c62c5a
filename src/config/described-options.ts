/** The options in force for people, with secrets masked. */

import type { Config } from './config.js';
import { formatDuration } from './option-kinds.js';
import { formatValue, optionAt, optionPaths } from './options.js';

interface DescribedOption {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly about: string;
}

/** In the order of the table; the rules of channels behind `channels`. */
export function describedOptions(config: Config): DescribedOption[] {
  const { values, sources } = config;
  return optionPaths.flatMap((path) => {
    const source = sources[path];
    const row = {
      name: path,
      value: withoutPasswords(formatValue(path, values[path])),
      source,
      about: optionAt(path).about,
    };
    return path === 'channels' ? [row, ...describedRules(config)] : [row];
  });
}

function describedRules({ values, sources }: Config): DescribedOption[] {
  return Object.entries(values.channels).map(([pattern, { history, ...rule }]) => {
    const kept = history && { history: { ...history, ttl: formatDuration(history.ttl) } };
    return {
      name: `channels → ${pattern}`,
      value: JSON.stringify({ ...rule, ...kept }),
      source: sources.channels,
      about: 'The rule of the channels whose names its pattern matches.',
    };
  });
}

/** Addresses of hooks and key sets may have them. */
function withoutPasswords(text: string): string {
  return text.replace(/\/\/[^/\s]*@/g, '//(secret)@');
}
