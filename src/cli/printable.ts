/** Makes untrusted text safe for a terminal: control characters and direction overrides become escapes. */

const unsafe = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** One line of JSON, escaped so that it stays JSON. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, escaped);
}

/** A sentence that contains untrusted texts as JSON. */
export function harmless(sentence: string): string {
  return sentence.replace(unsafe, escaped);
}

/** A text inside a sentence. */
export function printable(text: string): string {
  return jsonLine(text).slice(1, -1);
}
