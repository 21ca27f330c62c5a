-- Prelude of the presence functions.
-- KEYS: clients by their time of expiry, what is told about them, clients by user

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- What is told begins with the user: its length, a colon, its name.
local function userOf(member)
  local colon = string.find(member, ':', 1, true)
  return string.sub(member, colon + 1, colon + tonumber(string.sub(member, 1, colon - 1)))
end

local function forgetUserOf(member)
  local user = userOf(member)
  if redis.call('HINCRBY', KEYS[3], user, -1) <= 0 then
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

local function expire()
  for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now())) do
    drop(client)
  end
end
