/** Whether a text is a JSON Web Token at all: three parts in base64url, without padding or anything around them. */

import type { JWTPayload } from 'jose';
import * as base64url from 'jose/base64url';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { maxJsonNesting, parseJson } from '../../model/json-parse.js';
import { decodeUtf8 } from '../../model/utf8.js';
import { grantShape } from '../channels/grant.js';
import { TokenFault } from './token-fault.js';
import type { TokenHeader } from './token-keys.js';

/** Longer tokens are refused unread. */
const maxTokenLength = 8_192;

/** RFC 7515 section 2: no padding, no line breaks, no white space, nothing else. The signature may be empty, and is wrong then. */
const compact = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface ReadToken {
  readonly header: TokenHeader;
  /** The claims as their maker wrote them: what is only passed on is a `JsonSource`. Not verified yet. */
  readonly payload: JWTPayload;
}

/** Tokens of one maker have the same header, so that the last one is mostly the next one as well. */
export class TokenReader {
  #headerText = '';
  #header: TokenHeader = {};

  read(token: string): ReadToken | TokenFault {
    if (token.length > maxTokenLength) {
      return new TokenFault('length', `it has ${token.length} characters; tokens have up to ${maxTokenLength}`);
    }
    if (!compact.test(token)) return new TokenFault('form', malformation(token));
    const headerEnd = token.indexOf('.');
    const header = this.#readHeader(token, headerEnd);
    if (header instanceof TokenFault) return header;
    const payload = readPayload(token.slice(headerEnd + 1, token.lastIndexOf('.')));
    return payload instanceof TokenFault ? payload : { header, payload };
  }

  #readHeader(token: string, end: number): TokenHeader | TokenFault {
    const text = token.slice(0, end);
    if (text === this.#headerText) return this.#header;
    try {
      this.#header = decodeProtectedHeader(token);
    } catch {
      // What the decoder says may cite the token.
      return noObject('header');
    }
    this.#headerText = text;
    return this.#header;
  }
}

function readPayload(encoded: string): JWTPayload | TokenFault {
  const text = decodeUtf8(base64url.decode(encoded));
  if (text === undefined) return new TokenFault('form', 'its payload is not UTF-8');
  const parsed = parseJson(text, grantShape);
  if (parsed.ok && isObject(parsed.value)) return parsed.value;
  if (parsed.ok || parsed.fault === 'syntax') return noObject('payload');
  return new TokenFault('claim', `the claims nest deeper than ${maxJsonNesting}`);
}

function isObject(value: unknown): value is JWTPayload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noObject(part: string): TokenFault {
  return new TokenFault('form', `its ${part} is no JSON object in base64url`);
}

function malformation(token: string): string {
  if (token === '') return 'it is empty';
  if (/^bearer\s/i.test(token)) return 'it begins with "Bearer"; the token is what follows';
  if (token !== token.trim()) return 'it begins or ends with white space, a line break perhaps';
  if (/^["']/.test(token)) return 'it has quotes around it';
  const numParts = token.split('.').length;
  if (numParts === 5) return 'it has five parts: it is encrypted (JWE), and signed ones (JWS) are accepted only';
  if (numParts !== 3)
    return `it is no JWT: ${numParts === 1 ? 'it has no dots' : `${numParts} parts`} and not three parts`;
  if (token.includes('=')) return 'it has padding (=), which base64url has not in a JWT (RFC 7515 section 2)';
  if (/[+/]/.test(token)) return 'it is in base64 (with + or /) and not in base64url (RFC 7515 section 2)';
  return 'it has characters that base64url has not, or an empty part';
}
