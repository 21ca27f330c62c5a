-- How many clients and users.
mend(readTtlMs)
expire()
return { redis.call('HLEN', KEYS[2]), redis.call('HLEN', KEYS[3]) }
