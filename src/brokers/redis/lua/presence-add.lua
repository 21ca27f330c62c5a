-- Adds or renews a client. ARGV: client, what is told about it, ttl
local client, member, ttlMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
expire()
if redis.call('HGET', KEYS[2], client) ~= member then
  drop(client)
  redis.call('HSET', KEYS[2], client, member)
  redis.call('HINCRBY', KEYS[3], userOf(member), 1)
end
redis.call('ZADD', KEYS[1], now() + ttlMs, client)
-- The whole channel goes with its last client, whoever would have renewed it.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < ttlMs then
    redis.call('PEXPIRE', key, ttlMs)
  end
end
return 1
