/** The JSON of a request to a backend, with JSON from clients and backends embedded unchanged. */

import { JsonSource } from '../../model/json-source.js';

/** @param body its members may be a {@link JsonSource}; other values are encoded */
export function bodyText(body: object): string {
  const members: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    const text = value instanceof JsonSource ? value.text : JSON.stringify(value);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}
