/** A table; on a narrow screen each row is a card whose cells have the names of their columns. */

/** @jsxImportSource preact */

import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Its text may be long, and takes the room that the others leave. */
  readonly isWide?: boolean;
  cell(row: Row): ComponentChildren;
}

interface TableProps<Row> {
  /** For screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  /** Instead of rows. */
  readonly empty: string;
}

export function Table<Row>({ caption, columns, rows, keyOf, empty }: TableProps<Row>) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, isNumber, isWide }) => (
            <th key={title} scope="col" class={classOf(isNumber, isWide)}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, isNumber, isWide, cell }) => (
              <td key={title} data-title={title} class={classOf(isNumber, isWide)}>
                <span class="value">{cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function classOf(isNumber = false, isWide = false): string {
  return isNumber ? 'number' : isWide ? 'wide' : '';
}
