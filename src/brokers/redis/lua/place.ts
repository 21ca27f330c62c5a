/** Lua source: the common beginning of the stream functions. */
export const place = `-- Prelude of the stream functions. The place of a channel's stream is a hash: o, its offset; e, its epoch; r, the
-- replication id of the server when it was last looked at; s, the process under which the epoch began, and what that had
-- been given by other servers by then; v and ve, the newest version of what was published, if it has one, and its epoch;
-- m, n and x, if the channel is a map, what map.ts says of them.

local function number(value)
  return string.format('%.0f', value)
end

-- A key that is not what it should be: somebody else has written it. Nothing but its removal mends that.
local function broken(what)
  error('BROKEN ' .. what, 0)
end

-- Where INFO is forbidden, only the loss of the place itself is seen.
local replication
local function replicationOf(field)
  if not replication then
    local info = redis.pcall('INFO', 'replication')
    replication = type(info) == 'string' and info or ''
  end
  return string.match(replication, field .. ':(%x+)') or ''
end

-- A replica that takes writes (\`replica-read-only no\`) forgets them when it hears from its primary.
local function assertPrimary()
  replicationOf('master_replid')
  if string.find(replication, 'role:slave', 1, true) then
    error('READONLY what a replica takes is forgotten', 0)
  end
end

-- The process, and how many bytes other servers have ever replicated to it. Together with the second replication id,
-- which a promotion sets to the one before, this tells what may have taken history back from what has not: the first id
-- is made anew also when the first replica comes, and when the last one has long been gone.
local sign
local function signOfServer()
  if not sign then
    local info = redis.pcall('INFO', 'server', 'stats')
    info = type(info) == 'string' and info or ''
    local given = string.match(info, 'total_net_repl_input_bytes:(%d+)') or ''
    sign = (string.match(info, 'run_id:(%x+)') or '') .. ':' .. given
  end
  return sign
end

local function isSameHistory(knownSign, knownId)
  local before = replicationOf('master_replid2')
  return knownSign == signOfServer() and (before == knownId or not string.find(before, '[^0]'))
end

-- What the place says of an epoch that begins.
local function begun(epoch)
  return { 'e', epoch, 'r', replicationOf('master_replid'), 's', signOfServer() }
end

-- Where the stream is. Writes nothing: \`changes\` are what has to be written of it by \`settle\`.
local function look(placeKey, newEpoch)
  assertPrimary()
  local known = redis.call('HMGET', placeKey, 'o', 'e', 'r', 's')
  local offset, epoch, id = tonumber(known[1] or '0'), known[2], replicationOf('master_replid')
  if not epoch then
    return { offset = 0, epoch = newEpoch, isNew = true, changes = { 'o', '0', unpack(begun(newEpoch)) } }
  elseif not offset then
    broken('place')
  elseif known[3] == id then
    return { offset = offset, epoch = epoch, changes = not known[4] and { 's', signOfServer() } or nil }
  elseif known[4] and isSameHistory(known[4], known[3]) then
    return { offset = offset, epoch = epoch, changes = { 'r', id } }
  end
  return { offset = offset, epoch = newEpoch, changes = begun(newEpoch) }
end

-- A server that takes no new data refuses the place of a new stream, as it is the first thing that is written, and
-- goes on with the others.
local function settle(placeKey, streamKey, place, idleMs)
  if not place.isNew then
    redis.call('PEXPIRE', placeKey, idleMs)
  end
  if place.changes then
    redis.call('HSET', placeKey, unpack(place.changes))
  end
  if place.isNew then
    redis.call('PEXPIRE', placeKey, idleMs)
    redis.call('DEL', streamKey)
  end
end
`;
