/** Lua sources of what is done with a connection: each is one atomic step on one key. */

export const takeConnection = `-- Takes the lease. ARGV: lease, its time in ms, event or nothing, its first and last command or 0, 1 to wait for earlier ones
local leaseName, leaseMs, event = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local first, last, isPatient = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local known = redis.call('HMGET', KEYS[1], 'state', 'lease', 'until', 'seen', 'last', 'intended', 'suspect')
local state, lease, untilMs, seen, lastSeen = known[1], known[2], known[3], known[4], tonumber(known[5] or nil)
if not state then
  return { 'absent' }
end
if lease == leaseName then
  -- Asked again, by who was not answered.
  return { 'taken', state, known[7] or '0', known[6] or '' }
end
if event ~= '' and seen and string.find(seen, ' ' .. event .. ' ', 1, true) then
  return { 'repeated' }
end
local isLeased = lease and lease ~= ''
if isLeased and tonumber(untilMs) > now() then
  return { 'busy', known[5] or '0' }
end
if isPatient and not isLeased and first > 0 and lastSeen and first > lastSeen + 1 then
  return { 'early', known[5] }
end
local suspect = isLeased and '1' or '0'
redis.call('HSET', KEYS[1], 'lease', leaseName, 'until', string.format('%.0f', now() + leaseMs), 'suspect', suspect)
if event ~= '' then
  seen = (seen or ' ') .. event .. ' '
  if #seen > 4096 then
    -- The oldest half, up to the end of an id.
    seen = string.sub(seen, (string.find(seen, ' ', 2048, true)))
  end
  redis.call('HSET', KEYS[1], 'seen', seen)
  if last > (lastSeen or 0) then
    redis.call('HSET', KEYS[1], 'last', string.format('%.0f', last))
  end
end
return { 'taken', state, suspect, known[6] or '' }
`;

export const holdConnection = `-- Prolongs the lease. ARGV: lease, its time in ms
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now() + tonumber(ARGV[2])))
return 1
`;

export const intendConnection = `-- Notes a channel, a line each. ARGV: lease, channel
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'intended', (redis.call('HGET', KEYS[1], 'intended') or '') .. ARGV[2] .. '\\n')
return 1
`;

export const leaveConnection = `-- Writes the state and gives the lease back. ARGV: lease, state, time to live in ms
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'lease', '')
redis.call('HDEL', KEYS[1], 'intended')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

export const removeConnection = `-- Removes the connection. ARGV: lease
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
`;

export const deliveredPlace = `-- All up to this place have delivered. ARGV: place, time to live in ms
if tonumber(ARGV[1]) > (tonumber(redis.call('HGET', KEYS[1], 'delivered') or nil) or 0) then
  redis.call('HSET', KEYS[1], 'delivered', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
`;
