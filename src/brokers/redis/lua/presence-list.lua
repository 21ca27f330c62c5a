-- Some of the clients. ARGV: how many at most
mend(readTtlMs)
expire()
local members = {}
for _, client in ipairs(redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)) do
  members[#members + 1] = redis.call('HGET', KEYS[2], client) or nil
end
return members
