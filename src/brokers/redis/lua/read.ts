/** Lua source: reads a page of a stream. */
export const read = `-- A page of the stream and its top, of the same instant.
-- KEYS: place, stream
-- ARGV: limit, 1 for newest first, offset to begin after (or before) or nothing, ttl of the place, epoch to begin
local limit, isReverse, since = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3]
local place = look(KEYS[1], ARGV[5])
settle(KEYS[1], KEYS[2], place, ARGV[4])
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local page = { number(place.offset), place.epoch, oldest and string.match(oldest[1], '^%d+') or '' }
if limit == 0 then
  return page
end

local bound = since ~= '' and '(' .. since .. '-0'
local entries
if isReverse then
  entries = redis.call('XREVRANGE', KEYS[2], bound or '+', '-', 'COUNT', limit)
else
  entries = redis.call('XRANGE', KEYS[2], bound or '-', '+', 'COUNT', limit)
end
for _, entry in ipairs(entries) do
  page[#page + 1] = string.match(entry[1], '^%d+')
  page[#page + 1] = entry[2][1] == 'p' and entry[2][2] or ''
end
return page
`;
