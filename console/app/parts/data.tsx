/** Data of a message: JSON, indented, and never anything else than text. */

/** @jsxImportSource preact */

const most = 4_000;

export function Data({ value }: { readonly value: unknown }) {
  const text = JSON.stringify(value, undefined, 2) ?? '';
  return <pre class="data">{text.length > most ? `${text.slice(0, most)}\n…` : text}</pre>;
}
