/** A table of options by their dotted paths: what its paths are, and how the contents of a file fall to them. */

import { isFields } from '../model/fields.js';
import { unknownKey } from './channel-config.js';
import type { Option } from './option.js';

/** A value as it was written, and where. */
export interface Given {
  readonly value: unknown;
  readonly where: string;
}

/** `unknown`: a key that is none; `invalid`: something else than what the table has there. */
export type FileFault = 'unknown' | 'invalid';

export class OptionTable<Table extends object> {
  readonly paths: readonly (keyof Table & string)[];
  readonly #groups: ReadonlySet<string>;
  /** Names at the top level of a file. */
  readonly #topNames: readonly string[];

  /** @param table its values are options */
  constructor(private readonly table: Table) {
    this.paths = Object.keys(table).filter((path) => this.has(path));
    this.#groups = new Set(this.paths.flatMap((path) => (path.includes('.') ? [path.split('.', 1)[0] ?? ''] : [])));
    this.#topNames = [...this.paths.filter((path) => !path.includes('.')), ...this.#groups];
  }

  has(path: string): path is keyof Table & string {
    return Object.hasOwn(this.table, path);
  }

  /** The option of a path that is only known at run time. */
  at(path: keyof Table & string): Option<unknown, unknown> {
    // safe: a wider view of the same object; its schema takes unknown values and checks them
    return this.table[path] as unknown as Option<unknown, unknown>;
  }

  /**
   * The values in the contents of a file, of which members without a value count as absent.
   *
   * @param where the file's name
   */
  read(
    content: unknown,
    where: string,
    problem: (code: FileFault, key: string, message: string) => void,
  ): Map<keyof Table & string, Given> {
    const given = new Map<keyof Table & string, Given>();
    const take = (path: string, value: unknown): boolean => {
      if (!this.has(path)) return false;
      if (value !== undefined) given.set(path, { value, where });
      return true;
    };
    // A YAML file with comments alone is `null`.
    if (content !== null && !isFields(content)) problem('invalid', '', 'is not an object of options');
    for (const [name, value] of Object.entries(isFields(content) ? content : {})) {
      if (take(name, value)) continue;
      if (!this.#groups.has(name)) problem('unknown', name, this.#unknownName(name));
      else if (!isFields(value)) {
        const isEmpty = value === null;
        problem('invalid', name, isEmpty ? 'is empty: indent its options below it' : 'is not an object');
      } else {
        for (const [member, inner] of Object.entries(value)) {
          const path = `${name}.${member}`;
          if (!take(path, inner)) problem('unknown', path, unknownKey(member, this.#membersOf(name)));
        }
      }
    }
    return given;
  }

  /** A name at the top that belongs to a group was meant for it; everything else is a typing error. */
  #unknownName(name: string): string {
    const elsewhere = this.paths.find((path) => path.endsWith(`.${name}`));
    return elsewhere === undefined ? unknownKey(name, this.#topNames) : `is unknown; did you mean "${elsewhere}"?`;
  }

  #membersOf(group: string): string[] {
    return this.paths.filter((path) => path.startsWith(`${group}.`)).map((path) => path.slice(group.length + 1));
  }
}
