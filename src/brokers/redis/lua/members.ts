/** Lua source: the common beginning of the presence functions. */
export const members = `-- Prelude of the presence functions.
-- KEYS: clients by their time of expiry, what is told about them, clients by user

-- What is told begins with the user: its length, a colon, its name. Nothing for what no node has written.
local function userOf(member)
  local length = tonumber(string.match(member, '^(%d+):'))
  local first = (string.find(member, ':', 1, true) or 0) + 1
  return length and string.sub(member, first, first + length - 1)
end

local function forgetUserOf(member)
  local user = userOf(member)
  if user and redis.call('HINCRBY', KEYS[3], user, -1) <= 0 then
    redis.call('HDEL', KEYS[3], user)
  end
end

local function drop(client)
  redis.call('ZREM', KEYS[1], client)
  local member = redis.call('HGET', KEYS[2], client)
  if not member then
    return
  end
  redis.call('HDEL', KEYS[2], client)
  forgetUserOf(member)
end

-- Somebody else may have written one of the keys, deleted it or let it be evicted. Those that are present are renewed, so
-- what the keys tell of each other is enough to be right again soon: nothing here is worth an error that stays.
local function mend(ttlMs)
  for i, kind in ipairs({ 'zset', 'hash', 'hash' }) do
    local found = redis.call('TYPE', KEYS[i]).ok
    if found ~= kind and found ~= 'none' then
      redis.call('DEL', KEYS[i])
    end
  end
  local numUsers, numMembers = redis.call('EXISTS', KEYS[3]), redis.call('HLEN', KEYS[2])
  if redis.call('ZCARD', KEYS[1]) == numMembers and (numUsers == 1) == (numMembers > 0) then
    return
  end
  redis.call('DEL', KEYS[3])
  local told = redis.call('HGETALL', KEYS[2])
  for i = 1, #told, 2 do
    local client, user = told[i], userOf(told[i + 1])
    if user then
      redis.call('HINCRBY', KEYS[3], user, 1)
      redis.call('ZADD', KEYS[1], 'NX', now() + ttlMs, client)
    else
      redis.call('HDEL', KEYS[2], client)
    end
  end
  for _, client in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if redis.call('HEXISTS', KEYS[2], client) == 0 then
      redis.call('ZREM', KEYS[1], client)
    end
  end
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) == -1 then
      redis.call('PEXPIRE', key, ttlMs)
    end
  end
end

-- Whoever only reads knows of no time-to-live: until those that are present have been renewed.
local readTtlMs = 60000

local function expire()
  for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now())) do
    drop(client)
  end
end
`;
