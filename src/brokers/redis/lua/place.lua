-- Prelude of the stream functions. The place of a channel's stream is a hash: o, its offset; e, its epoch; r, the
-- replication id of the server under which the epoch began.

local function number(value)
  return string.format('%.0f', value)
end

-- A server that was promoted, or restarted from disk, may have lost the newest writes; both give it a new replication
-- id, and with it every stream a new epoch. Where INFO is forbidden, only the loss of the place itself is seen.
local life
local function replicationId()
  if not life then
    local info = redis.pcall('INFO', 'replication')
    life = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
  end
  return life
end

local function place(placeKey, streamKey, newEpoch, idleMs)
  local known = redis.call('HMGET', placeKey, 'o', 'e', 'r')
  local offset, epoch, life = tonumber(known[1] or '0'), known[2], replicationId()
  if not epoch then
    offset, epoch = 0, newEpoch
    redis.call('DEL', streamKey)
    redis.call('HSET', placeKey, 'o', '0', 'e', epoch, 'r', life)
  elseif known[3] ~= life then
    epoch = newEpoch
    redis.call('HSET', placeKey, 'e', epoch, 'r', life)
  end
  redis.call('PEXPIRE', placeKey, idleMs)
  return offset, epoch
end
