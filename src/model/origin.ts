/** Entries of a list of allowed web origins: as browsers send them (RFC 6454), possibly with one wildcard label. */

/** An origin other than `null`: scheme, host, port. A page from a file has no host. */
const serialized = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]*$/;
const anyLabel = /^(https?:\/\/)\*(\..+)$/;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const aloneInFront = 'is no origin; a * stands for the first label alone, as in https://*.example.com';

/** @returns what is wrong with an entry of the list, continuing its name, or `undefined` */
export function originFault(entry: string): string | undefined {
  if (entry === 'null') return undefined;
  const [, scheme, rest] = anyLabel.exec(entry) ?? [];
  if (scheme !== undefined && rest !== undefined && !rest.includes('*')) {
    if (!isWebOrigin(`${scheme}x${rest}`)) return aloneInFront;
    const isWide = !rest.slice(1).replace(/:\d+$/, '').includes('.') && !/^\.localhost(:\d+)?$/.test(rest);
    return isWide ? 'lets in everybody below a top-level domain' : undefined;
  }
  if (entry.includes('*')) return aloneInFront;
  if (/^https?:/i.test(entry) ? isWebOrigin(entry) : serialized.test(entry)) return undefined;
  return 'is no origin; write it as browsers send it, like https://example.com, without a path';
}

/** The scheme and the text after the wildcard label, for an entry with one. */
export function openLabelOf(entry: string): { readonly before: string; readonly after: string } | undefined {
  const [, before, after] = anyLabel.exec(entry) ?? [];
  return before === undefined || after === undefined ? undefined : { before, after };
}

export function isLabel(text: string): boolean {
  return label.test(text);
}

function isWebOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
