-- How many clients and users.
expire()
return { redis.call('HLEN', KEYS[2]), redis.call('HLEN', KEYS[3]) }
