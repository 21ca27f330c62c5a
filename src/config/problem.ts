/** A problem of a configuration, with the name of the option and where it was set. */

export interface ConfigProblem {
  /** The option or key, dotted: `limits.pingInterval`. Empty for the file as a whole. */
  readonly key: string;
  /** `fanfare.yaml`, `FANFARE_PORT`, `--port`, `default`. */
  readonly where: string;
  /** Continues the key: "is negative". */
  readonly message: string;
}

export function formatProblem({ key, where, message }: ConfigProblem): string {
  if (key === '') return `${where}: ${message}`;
  // Nobody has set it, so the message says "the default of".
  return where === 'default' ? `the default of ${key} ${message}` : `${where}: ${key} ${message}`;
}

/** A value for a message: short, without control characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
