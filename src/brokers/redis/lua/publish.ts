/** Lua source: publishes a batch. */
export const publish = `-- Publishes in order. Each publication is appended to its stream, which is trimmed and its end put off, its idempotency
-- key is remembered, and it is delivered: all or nothing, whatever becomes of the others.
-- ARGV: ttl of idempotency keys; then for each publication what is done with it (k: it is kept, o: only once), its text,
--   and if it is kept: size of the stream, its ttl, ttl of the place, epoch to begin; then, with v, its version and the
--   epoch of that
-- KEYS: for each the pub/sub channel, then place and stream if it is kept, then the key of its idempotency key
-- Answers for each with offset, epoch and \`new\`, \`known\` or \`failed\` (then with the reason for an epoch), or with nothing
-- but an empty text for one that had only to be delivered and was.

-- Whether the stream has had a version that is as new. Those of another epoch cannot be compared.
local function isOutdated(kept)
  local newest = redis.call('HMGET', kept.place, 'v', 've')
  kept.newest, kept.newestEpoch = newest[1], newest[2]
  local isComparable = kept.newest and (kept.versionEpoch == '' or kept.versionEpoch == kept.newestEpoch)
  return isComparable and tonumber(kept.version) <= (tonumber(kept.newest) or 0)
end

local function publish(bus, text, kept, onceKey)
  local first = onceKey and firstOf(onceKey)
  if first then
    return first
  elseif kept then
    local place = look(kept.place, kept.newEpoch)
    if kept.version and not place.isNew and isOutdated(kept) then
      return { number(place.offset), place.epoch, 'known' }
    end
    return append(bus, text, kept, onceKey, place)
  end
  deliver(bus, text, '0', '', onceKey)
  return { '0', '', 'new' }
end

local answers = {}
local nextKey, nextArg = 1, 2
while ARGV[nextArg] do
  local flags, text, bus = ARGV[nextArg], ARGV[nextArg + 1], KEYS[nextKey]
  nextKey, nextArg = nextKey + 1, nextArg + 2
  local kept, onceKey
  if string.find(flags, 'k', 1, true) then
    kept = {
      place = KEYS[nextKey],
      stream = KEYS[nextKey + 1],
      size = ARGV[nextArg],
      ttl = ARGV[nextArg + 1],
      placeTtl = ARGV[nextArg + 2],
      newEpoch = ARGV[nextArg + 3],
    }
    nextKey, nextArg = nextKey + 2, nextArg + 4
    if string.find(flags, 'v', 1, true) then
      kept.version, kept.versionEpoch = ARGV[nextArg], ARGV[nextArg + 1]
      nextArg = nextArg + 2
    end
  end
  if string.find(flags, 'o', 1, true) then
    onceKey = KEYS[nextKey]
    nextKey = nextKey + 1
  end
  local isDone, answer = pcall(publish, bus, text, kept, onceKey)
  if not isDone then
    answer = { '0', type(answer) == 'table' and answer.err or tostring(answer), 'failed' }
  end
  if flags == '' and isDone then
    answers[#answers + 1] = ''
  else
    for i = 1, 3 do
      answers[#answers + 1] = answer[i]
    end
  end
end
return answers
`;
