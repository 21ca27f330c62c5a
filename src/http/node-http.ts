/**
 * `node:http`, where its functions are called. Imported as a module it reads all of its exports at once, and one of
 * them, `WebSocket`, loads undici: 50 ms, more than all of Fanfare takes (Node 22 and later).
 */

export const http = process.getBuiltinModule('node:http');
