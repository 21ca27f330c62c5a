/** Lua source: empties a stream. */
export const remove = `-- Empties the stream. Its place stays, unless that is broken: then the channel begins anew.
-- KEYS: place, stream
redis.call('DEL', KEYS[2])
if not pcall(look, KEYS[1], '') then
  redis.call('DEL', KEYS[1])
end
return 1
`;
