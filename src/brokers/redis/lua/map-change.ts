/** Lua sources: changing a map. */

export const mapChange = `-- Sets or removes a key, unless it is not as expected.
-- KEYS: …, then perhaps that of its idempotency key
-- ARGV: …, key, text of the publication before its data, data, limits of the stream; then for a set the value before its
--   data, ttl or nothing, most keys; for a removal nothing, nothing, nothing; then 1 if the key must be there, the version
--   that it must have and that one's epoch, or nothing
-- Answers with offset, epoch, \`new\` or \`known\`; or with offset, epoch, why nothing has changed, and the key's version.
local key, head, data, limits, valueHead, ttl, maxKeys, mustExist, expected, expectedEpoch = unpack(ARGV, 4, 13)
local onceKey = KEYS[7]

local first = onceKey and firstOf(onceKey)
if first then
  return first
end

local place = open()
removeEnded(place, key)
local version = tonumber(redis.call('ZSCORE', orderKey, key) or '0')

local function refused(why)
  settled(place)
  return { number(place.offset), place.epoch, why, number(version) }
end

local isRemoval = maxKeys == ''
if version == 0 and (isRemoval or mustExist ~= '') then
  return refused('absent')
end
if expected ~= '' then
  local isOfEpoch = version == 0 or expectedEpoch == '' or expectedEpoch == place.epoch
  if tonumber(expected) ~= version or not isOfEpoch then
    return refused('version')
  end
end
if isRemoval then
  return change(settled(place), { key = key, text = head .. data, limits = limits }, onceKey)
end
if version == 0 and place.numKeys >= tonumber(maxKeys) then
  removeAllEnded(place)
  if place.numKeys >= tonumber(maxKeys) then
    return refused('full')
  end
end
local set = { key = key, text = head .. data, limits = limits, value = valueHead .. data, ttl = ttl ~= '' and ttl or nil }
return change(place, set, onceKey)
`;

export const mapRenew = `-- Lets a key end at another time, which is no change. ARGV: …, key, ttl
-- Answers with 1 if there is such a key, otherwise 0.
local key, ttl = ARGV[4], ARGV[5]
local place = open()
removeEnded(place, key)
settled(place)
if not redis.call('ZSCORE', orderKey, key) then
  return 0
end
local numAdded = redis.call('ZADD', endsKey, number(now() + ttl), key)
redis.call('HSET', placeKey, 'x', number(place.numEnds + numAdded))
keep()
return 1
`;
