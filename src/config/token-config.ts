/** Issuers of accepted tokens in a configuration file: public keys and key sets. */

import { resolve } from 'node:path';
import * as v from 'valibot';
import { tokenAlgorithms } from '../engine/auth/token-keys.js';
import { readTextFile } from './bounded-file.js';
import { strictObject } from './channel-config.js';
import { filledText as filled, fromJson, type OptionKind } from './option-kinds.js';

/** Shared secrets are separate options, which are never shown. */
const publicAlgorithms = tokenAlgorithms.filter((algorithm) => !algorithm.startsWith('HS'));
const maxKeyFileBytes = 65_536;

const algorithm = v.picklist(publicAlgorithms, `is none of ${publicAlgorithms.join(', ')}`);

const publicKey = strictObject({
  algorithm,
  key: v.exactOptional(filled),
  file: v.exactOptional(filled),
  kid: v.exactOptional(filled),
  issuer: v.exactOptional(filled),
  audience: v.exactOptional(filled),
});

const keySet = strictObject({
  url: filled,
  algorithms: v.exactOptional(v.pipe(v.array(algorithm, 'is not a list'), v.nonEmpty('is empty'))),
  issuer: v.exactOptional(filled),
  audience: v.exactOptional(filled),
});

export type PublicKeyConfig = v.InferOutput<typeof publicKey>;
type KeySetConfig = v.InferOutput<typeof keySet>;
type KeySetInput = string | v.InferInput<typeof keySet>;

/** Public keys, in PEM or in files of it. In text: JSON. */
export function publicKeys(): OptionKind<v.InferInput<typeof publicKey>[], readonly PublicKeyConfig[]> {
  return {
    name: 'list of objects with algorithm, key or file, kid, issuer, audience',
    schema: v.array(
      v.pipe(
        publicKey,
        v.check(({ key, file }) => (key === undefined) !== (file === undefined), 'has either key or file'),
      ),
      'is not a list',
    ),
    fromText: jsonOr,
    format: (keys) => listed(keys.map(({ algorithm: name, kid }) => (kid === undefined ? name : `${name} ${kid}`))),
  };
}

/** Addresses of key sets. In text: one address, or JSON. */
export function keySets(): OptionKind<KeySetInput | KeySetInput[], readonly KeySetConfig[]> {
  return {
    name: 'URL, or a list of objects with url, algorithms, issuer, audience',
    schema: v.pipe(
      v.custom<KeySetInput | KeySetInput[]>(() => true),
      v.transform((value) => [value].flat().map((one) => (typeof one === 'string' ? { url: one } : one))),
      v.array(keySet),
    ),
    fromText: jsonOr,
    format: (sets) => listed(sets.map(({ url }) => url)),
  };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function jsonOr(text: string): unknown {
  return /^[[{]/.test(text) ? fromJson(text) : text;
}

/** The key in PEM, read from its file if it has one. @param folder that files are relative to */
export function pemOf(
  { key, file }: { readonly key?: string | undefined; readonly file?: string | undefined },
  folder: string,
): { readonly ok: true; readonly pem: string } | { readonly ok: false; readonly message: string } {
  if (file === undefined) return { ok: true, pem: key ?? '' };
  const read = readTextFile(resolve(folder, file), maxKeyFileBytes);
  return read.ok ? { ok: true, pem: read.text } : { ok: false, message: `"${file}" ${read.message}` };
}
