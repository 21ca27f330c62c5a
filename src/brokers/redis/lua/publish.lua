-- Appends to the stream, trims it, puts its end off, remembers the idempotency key and publishes: all or nothing.
-- KEYS: place, stream, pub/sub channel, and with an idempotency key the key of its own
-- ARGV: publication, size of the stream (0: none), its ttl, ttl of the place, epoch to begin, ttl of the idempotency key
local publication, size = ARGV[1], tonumber(ARGV[2])
if KEYS[4] then
  local first = redis.call('GET', KEYS[4])
  if first then
    local offset, epoch = string.match(first, '^(%d+):(.*)$')
    return { offset, epoch, 1 }
  end
end

local offset, epoch = '0', ''
if size > 0 then
  local _
  _, epoch = place(KEYS[1], KEYS[2], ARGV[5], ARGV[4])
  offset = number(redis.call('HINCRBY', KEYS[1], 'o', 1))
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', size, offset .. '-0', 'p', publication)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
if KEYS[4] then
  redis.call('SET', KEYS[4], offset .. ':' .. epoch, 'PX', ARGV[6])
end
redis.call('SPUBLISH', KEYS[3], 'p' .. offset .. ':' .. epoch .. ':' .. publication)
return { offset, epoch, 0 }
