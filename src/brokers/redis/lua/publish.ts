/** Lua source: publishes a batch. */
export const publish = `-- Publishes in order. Each publication is appended to its stream, which is trimmed and its end put off, its idempotency
-- key is remembered, and it is delivered: all or nothing, whatever becomes of the others.
-- ARGV: ttl of idempotency keys; then for each publication what is done with it (k: it is kept, o: only once), its text,
--   and if it is kept: size of the stream, its ttl, ttl of the place, epoch to begin; then, with v, its version and the
--   epoch of that
-- KEYS: for each the pub/sub channel, then place and stream if it is kept, then the key of its idempotency key
-- Answers for each with offset, epoch and \`new\`, \`known\` or \`failed\` (then with the reason for an epoch), or with nothing
-- but an empty text for one that had only to be delivered and was.
-- What is written first for each of them is something that Redis refuses when it takes no new data (\`maxmemory\`): once a
-- function has written anything, nothing is refused any more.
local onceTtl = ARGV[1]

-- Finds the first publication with the same key.
local function firstOf(onceKey)
  local first = redis.call('GET', onceKey)
  if not first then
    return nil
  end
  local offset, epoch = string.match(first, '^(%d+):(.*)$')
  if not offset then
    broken('idempotency key')
  end
  return { offset, epoch, 'known' }
end

-- A server may forbid one of the commands that follow the first.
local function undo(kept, onceKey, before)
  redis.pcall('XDEL', kept.stream, number(before + 1) .. '-0')
  redis.pcall('XSETID', kept.stream, number(before) .. '-0')
  redis.pcall('HSET', kept.place, 'o', number(before))
  if kept.version then
    redis.pcall('HSET', kept.place, 'v', kept.newest or '0', 've', kept.newestEpoch or '')
  end
  if onceKey then
    redis.pcall('DEL', onceKey)
  end
end

local function deliver(bus, text, offset, epoch, onceKey)
  if onceKey then
    redis.call('SET', onceKey, offset .. ':' .. epoch, 'PX', onceTtl)
  end
  redis.call('SPUBLISH', bus, 'p' .. offset .. ':' .. epoch .. ':' .. text)
end

-- Whether the stream has had a version that is as new. Those of another epoch cannot be compared.
local function isOutdated(kept)
  local newest = redis.call('HMGET', kept.place, 'v', 've')
  kept.newest, kept.newestEpoch = newest[1], newest[2]
  local isComparable = kept.newest and (kept.versionEpoch == '' or kept.versionEpoch == kept.newestEpoch)
  return isComparable and tonumber(kept.version) <= (tonumber(kept.newest) or 0)
end

local function append(bus, text, kept, onceKey)
  local place = look(kept.place, kept.newEpoch)
  if kept.version and not place.isNew and isOutdated(kept) then
    return { number(place.offset), place.epoch, 'known' }
  end
  if place.isNew then
    settle(kept.place, kept.stream, place, kept.placeTtl)
  end
  local offset = number(place.offset + 1)
  redis.call('XADD', kept.stream, 'MAXLEN', '=', kept.size, offset .. '-0', 'p', text)
  local isDone, reason = pcall(function()
    if not place.isNew then
      settle(kept.place, kept.stream, place, kept.placeTtl)
    end
    if kept.version then
      redis.call('HSET', kept.place, 'o', offset, 'v', kept.version, 've', kept.versionEpoch)
    else
      redis.call('HSET', kept.place, 'o', offset)
    end
    redis.call('PEXPIRE', kept.stream, kept.ttl)
    deliver(bus, text, offset, place.epoch, onceKey)
  end)
  if not isDone then
    undo(kept, onceKey, place.offset)
    error(reason, 0)
  end
  return { offset, place.epoch, 'new' }
end

local function publish(bus, text, kept, onceKey)
  local first = onceKey and firstOf(onceKey)
  if first then
    return first
  elseif kept then
    return append(bus, text, kept, onceKey)
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
