/** One process needs no broker. Several are one server with `redis()` of `fanfare/redis`, or another one. */

export const broker = {};
