/** Lua source: the common beginning of the map functions. */
export const map = `-- Prelude of the map functions. A map is in three keys: its keys by the offsets of their last changes, the values of its
-- keys, and when keys end that do. The place of its channel has in m the limits of the stream, size and ttl, as the last
-- change had them, and in n and x how many keys there are, and how many of them end.
-- KEYS: place, stream, pub/sub channel, order, values, ends
-- ARGV: ttl of idempotency keys, ttl of an unused map, epoch to begin
local placeKey, streamKey, bus, orderKey, valuesKey, endsKey = unpack(KEYS, 1, 6)
local stateKeys = { orderKey, valuesKey, endsKey }
local idleMs, newEpoch = ARGV[2], ARGV[3]

-- Keys that one call removes because their time is over; each takes some microseconds.
local maxRemoved = 100

-- A map is kept as long as it is used, and then goes as a whole.
local function keep()
  for _, key in ipairs(stateKeys) do
    redis.call('PEXPIRE', key, idleMs)
  end
end

local function sizeOf(command, key)
  local size = redis.pcall(command, key)
  return type(size) == 'number' and size or -1
end

-- Where the map is. If somebody has deleted one of its keys, written it, or let it be evicted, the others are worth
-- nothing: it begins again without keys, in a new epoch. The same if they are left of a place that is gone.
local function open()
  local place = look(placeKey, newEpoch)
  local known = place.isNew and {} or redis.call('HMGET', placeKey, 'm', 'n', 'x')
  place.limits, place.numKeys, place.numEnds = known[1], tonumber(known[2] or '0'), tonumber(known[3] or '0')
  local isWhole = sizeOf('ZCARD', orderKey) == place.numKeys
    and sizeOf('HLEN', valuesKey) == place.numKeys
    and sizeOf('ZCARD', endsKey) == place.numEnds
  if isWhole then
    return place
  end
  redis.call('UNLINK', unpack(stateKeys))
  place.numKeys, place.numEnds = 0, 0
  if place.limits then
    place.epoch = newEpoch
    place.changes = { 'n', '0', 'x', '0', unpack(begun(newEpoch)) }
  end
  return place
end

-- Writes what is known of the place, and that the map is in use. It takes no room in one that there is already, so a
-- server that takes no new data refuses nothing that comes after.
local function settled(place)
  settle(placeKey, streamKey, place, idleMs)
  place.isNew, place.changes = nil, nil
  keep()
  return place
end

-- \`isEnding\`: it had a time until now.
local function put(call, key, value, offset, endsAt, isEnding)
  if value then
    call('HSET', valuesKey, key, value)
    call('ZADD', orderKey, offset, key)
  else
    call('HDEL', valuesKey, key)
    call('ZREM', orderKey, key)
  end
  if endsAt then
    call('ZADD', endsKey, endsAt, key)
  elseif isEnding then
    call('ZREM', endsKey, key)
  end
end

-- Sets a key, or removes it if there is no value, as a publication. entry: key, text, value, ttl or nothing,
-- limits of the stream
local function change(place, entry, onceKey)
  local key = entry.key
  local value, offset = redis.call('HGET', valuesKey, key), redis.call('ZSCORE', orderKey, key)
  local endsAt = place.numEnds > 0 and redis.call('ZSCORE', endsKey, key)
  local numKeys = place.numKeys + (entry.value and 1 or 0) - (value and 1 or 0)
  local numEnds = place.numEnds + (entry.ttl and 1 or 0) - (endsAt and 1 or 0)
  local size, ttl = string.match(entry.limits, '^(%d+):(%d+)$')
  if not size then
    broken('place')
  end
  local kept = { place = placeKey, stream = streamKey, size = size, ttl = ttl, placeTtl = idleMs }
  local function count(call, keys, ends)
    call('HSET', placeKey, 'm', entry.limits, 'n', number(keys), 'x', number(ends))
  end
  local answer = append(bus, entry.text, kept, onceKey, place, {
    mark = entry.ttl and ('t' .. entry.ttl .. ':'),
    run = function(newOffset)
      put(redis.call, key, entry.value, newOffset, entry.ttl and number(now() + entry.ttl), endsAt)
      count(redis.call, numKeys, numEnds)
      keep()
    end,
    undo = function()
      put(redis.pcall, key, value, offset, endsAt, entry.ttl)
      count(redis.pcall, place.numKeys, place.numEnds)
    end,
  })
  place.offset, place.numKeys, place.numEnds = place.offset + 1, numKeys, numEnds
  place.isNew, place.changes = nil, nil
  return answer
end

-- The publication of a removal, as nodes write it: the length is that in UTF-16.
local function removalOf(key)
  local rest = '{"key":' .. cjson.encode(key) .. ',"removed":true}'
  local _, characters = string.gsub(rest, '[^\\128-\\191]', '')
  local _, wide = string.gsub(rest, '[\\240-\\247]', '')
  return (characters + wide) .. ':' .. rest .. 'null'
end

local function remove(place, key)
  change(place, { key = key, text = removalOf(key), limits = place.limits })
end

-- Removes a key whose time is over.
local function removeEnded(place, key)
  local endsAt = place.numEnds > 0 and redis.call('ZSCORE', endsKey, key)
  if endsAt and tonumber(endsAt) <= now() then
    remove(settled(place), key)
  end
end

-- Removes keys whose time is over. Returns whether that may not be all of them.
local function removeAllEnded(place)
  if place.numEnds == 0 then
    return false
  end
  local ended = redis.call('ZRANGEBYSCORE', endsKey, '-inf', now(), 'LIMIT', 0, maxRemoved)
  if #ended > 0 then
    settled(place)
  end
  for _, key in ipairs(ended) do
    remove(place, key)
  end
  return #ended == maxRemoved
end
`;
