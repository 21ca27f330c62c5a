/** What is wrong with a configuration: always with the name of the option and where it was set. */

export interface ConfigProblem {
  /** The option or key, dotted: `limits.pingInterval`. Empty when the file as a whole is meant. */
  readonly key: string;
  /** `fanfare.yaml`, `FANFARE_PORT`, `--port`, `default`. */
  readonly where: string;
  /** Continues the key: "is negative". */
  readonly message: string;
}

export function formatProblem({ key, where, message }: ConfigProblem): string {
  if (key === '') return `${where}: ${message}`;
  // Nobody has set it, so what is named is not where.
  return where === 'default' ? `the default of ${key} ${message}` : `${where}: ${key} ${message}`;
}

/** A value as it may stand in a message: short, without control characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
