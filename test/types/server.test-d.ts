/** What compiles against a declared application on the server's end, and what must not. */

import { describe, expectTypeOf, test } from 'vitest';
import { app } from './arena.js';

declare const id: string;
declare const anyName: string;

describe('publishing by the server', () => {
  test('takes names of declared channels, template literals among them', () => {
    void app.publish('chat:lobby', { text: 'hello' });
    void app.publish(`chat:${id}`, { text: 'hello' });
    // @ts-expect-error no such channel
    void app.publish('chats:lobby', { text: 'hello' });
    // @ts-expect-error a string may be any name
    void app.publish(anyName, { text: 'hello' });
  });

  test('takes what the schema takes', () => {
    // @ts-expect-error text is missing
    void app.publish('chat:lobby', {});
    // @ts-expect-error a text is no score
    void app.publish('match:42', { text: 'hello' });
  });
});

test('reading back gives what the schema gives', () => {
  expectTypeOf(app.history(`chat:${id}`).then(({ publications }) => publications[0]?.data)).resolves.toEqualTypeOf<
    { text: string; size: number } | undefined
  >();
  // @ts-expect-error no such channel
  void app.history('chats:lobby');
});

test('watching gives what the schema gives', () => {
  void app.watch(`chat:${id}`, ({ data }) => expectTypeOf(data).toEqualTypeOf<{ text: string; size: number }>());
  // @ts-expect-error no such channel
  void app.watch('chats:lobby', () => {});
});
