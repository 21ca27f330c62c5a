/** Lua sources: reading a map. */

export const mapGet = `-- Reads one key. ARGV: …, key
-- Answers with offset and epoch of the top, and if the key is there, its offset and its value.
local key = ARGV[4]
local place = open()
removeEnded(place, key)
settled(place)
local answer = { number(place.offset), place.epoch }
local value = redis.call('HGET', valuesKey, key)
if value then
  answer[3], answer[4] = redis.call('ZSCORE', orderKey, key), value
end
return answer
`;

export const mapPage = `-- Reads a page of the keys in the order of their offsets, once none is left whose time is over.
-- ARGV: …, offset to begin after, last offset or +inf, most keys, most bytes unless the first has more
-- Answers with offset and epoch of the top, milliseconds until the first key ends or nothing, the offset to go on after, or
-- 0, or nothing if there are more keys to remove first, the number of all keys; then key, offset and value of each.
local after, upTo, limit, maxLength = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
-- Values that are read at once, before it is known how long they are.
local perStep = 16

local function firstEnd()
  local first = redis.call('ZRANGE', endsKey, 0, 0, 'WITHSCORES')
  return first[2] and number(math.max(0, tonumber(first[2]) - now())) or ''
end

local place = open()
local isMore = removeAllEnded(place)
settled(place)
local page = { number(place.offset), place.epoch, firstEnd(), isMore and '' or '0', number(place.numKeys) }
if isMore or limit == 0 then
  return page
end

local found = redis.call('ZRANGEBYSCORE', orderKey, '(' .. after, upTo, 'WITHSCORES', 'LIMIT', 0, limit + 1)
local length = 0
for first = 1, math.min(#found / 2, limit), perStep do
  local last = math.min(first + perStep - 1, #found / 2, limit)
  local keys = {}
  for i = first, last do
    keys[#keys + 1] = found[2 * i - 1]
  end
  for i, value in ipairs(redis.call('HMGET', valuesKey, unpack(keys))) do
    value = value or ''
    length = length + #keys[i] + #value
    if length > maxLength and #page > 5 then
      page[4] = page[#page - 1]
      return page
    end
    page[#page + 1], page[#page + 2], page[#page + 3] = keys[i], found[2 * (first + i - 1)], value
  end
end
if #found / 2 > limit then
  page[4] = page[#page - 1]
end
return page
`;
