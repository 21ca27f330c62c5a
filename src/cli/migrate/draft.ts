/** The new configuration, and remarks about it. */

interface Remark {
  /** `refused`: not supported. `changed`: supported with another meaning. */
  readonly kind: 'refused' | 'changed';
  /** The option of Centrifugo. */
  readonly from: string;
  readonly message: string;
}

export class Draft {
  readonly config: Record<string, unknown> = {};
  readonly remarks: Remark[] = [];

  set(path: string, value: unknown): void {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    let at = this.config;
    for (const key of keys) {
      // safe: groups are made here alone
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }

  unset(path: string): void {
    const keys = path.split('.');
    const last = keys.pop() ?? path;
    // safe: groups are made here alone
    const group = keys.reduce<Record<string, unknown> | undefined>(
      (at, key) => at?.[key] as Record<string, unknown> | undefined,
      this.config,
    );
    if (group !== undefined) delete group[last];
  }

  refuse(from: string, message: string): void {
    this.#remark({ kind: 'refused', from, message });
  }

  change(from: string, message: string): void {
    this.#remark({ kind: 'changed', from, message });
  }

  /** Makes each remark only once. */
  #remark(remark: Remark): void {
    const isKnown = this.remarks.some(({ from, message }) => from === remark.from && message === remark.message);
    if (!isKnown) this.remarks.push(remark);
  }
}
