/** The JSON of a question to a backend. What came from a client or a backend as JSON stands in it as it came. */

import { JsonSource } from '../../model/json-source.js';

/** @param body its members may be a {@link JsonSource}; what is below them is encoded */
export function bodyText(body: object): string {
  const members: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    const text = value instanceof JsonSource ? value.text : JSON.stringify(value);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
