-- Publishes in order. Each publication is appended to its stream, which is trimmed and its end put off, its idempotency
-- key is remembered, and it is delivered: all or nothing.
-- ARGV: ttl of idempotency keys; then for each publication what is done with it (k: it is kept, o: only once), its text,
--   and if it is kept: size of the stream, its ttl, ttl of the place, epoch to begin
-- KEYS: for each the pub/sub channel, then place and stream if it is kept, then the key of its idempotency key
-- Answers with offset, epoch and `new`, `known` or `failed` (then with the reason for an epoch) for each that is kept or
-- only once.
local onceTtl = ARGV[1]

local function publish(bus, text, kept, onceKey)
  if onceKey then
    local first = redis.call('GET', onceKey)
    if first then
      local offset, epoch = string.match(first, '^(%d+):(.*)$')
      return { offset, epoch, 'known' }
    end
  end
  local offset, epoch = '0', ''
  if kept then
    local _
    _, epoch = place(kept.place, kept.stream, kept.newEpoch, kept.placeTtl)
    offset = number(redis.call('HINCRBY', kept.place, 'o', 1))
    redis.call('XADD', kept.stream, 'MAXLEN', '=', kept.size, offset .. '-0', 'p', text)
    redis.call('PEXPIRE', kept.stream, kept.ttl)
  end
  if onceKey then
    redis.call('SET', onceKey, offset .. ':' .. epoch, 'PX', onceTtl)
  end
  redis.call('SPUBLISH', bus, 'p' .. offset .. ':' .. epoch .. ':' .. text)
  return { offset, epoch, 'new' }
end

local answers = {}
local nextKey, nextArg = 1, 2
while ARGV[nextArg] do
  local flags, text, bus = ARGV[nextArg], ARGV[nextArg + 1], KEYS[nextKey]
  nextKey, nextArg = nextKey + 1, nextArg + 2
  if flags == '' then
    redis.call('SPUBLISH', bus, 'p0::' .. text)
  else
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
    end
    if string.find(flags, 'o', 1, true) then
      onceKey = KEYS[nextKey]
      nextKey = nextKey + 1
    end
    local isDone, answer = pcall(publish, bus, text, kept, onceKey)
    if not isDone then
      local reason = type(answer) == 'table' and answer.err or tostring(answer)
      -- Only a key of somebody else's is this one's alone. What a server does not take, it takes from nobody.
      if string.sub(reason, 1, 9) ~= 'WRONGTYPE' then
        return redis.error_reply(reason)
      end
      answer = { '0', reason, 'failed' }
    end
    for i = 1, 3 do
      answers[#answers + 1] = answer[i]
    end
  end
end
return answers
