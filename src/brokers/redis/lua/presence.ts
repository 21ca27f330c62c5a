/** Lua sources of the presence functions. */

export const presenceAdd = `-- Adds or renews a client. ARGV: client, what is told about it, ttl
local client, member, ttlMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
mend(ttlMs)
local known = redis.call('HGET', KEYS[2], client)
if known == member then
  -- Takes no room: a server that takes no new data lets it pass once something has been written that needs none.
  redis.call('PEXPIRE', KEYS[1], math.max(ttlMs, redis.call('PTTL', KEYS[1])))
else
  -- First, so that such a server refuses it as a whole.
  redis.call('HSET', KEYS[2], client, member)
  if known then
    forgetUserOf(known)
  end
  redis.call('HINCRBY', KEYS[3], userOf(member), 1)
end
redis.call('ZADD', KEYS[1], now() + ttlMs, client)
expire()
-- The whole channel goes with its last client, whoever would have renewed it.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < ttlMs then
    redis.call('PEXPIRE', key, ttlMs)
  end
end
return 1
`;

export const presenceList = `-- Some of the clients. ARGV: how many at most
mend(readTtlMs)
expire()
local members = {}
for _, client in ipairs(redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)) do
  members[#members + 1] = redis.call('HGET', KEYS[2], client) or nil
end
return members
`;

export const presenceRemove = `-- Takes out one client. ARGV: client
mend(readTtlMs)
drop(ARGV[1])
return 1
`;

export const presenceStats = `-- How many clients and users.
mend(readTtlMs)
expire()
return { redis.call('HLEN', KEYS[2]), redis.call('HLEN', KEYS[3]) }
`;
