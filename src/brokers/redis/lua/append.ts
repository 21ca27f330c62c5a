/** Lua source: appends a publication to its stream and delivers it. */
export const append = `-- Prelude of the functions that publish. ARGV: ttl of idempotency keys, …
local onceTtl = ARGV[1]

-- Finds the first publication with the same key.
local function firstOf(onceKey)
  local first = redis.call('GET', onceKey)
  if not first then
    return nil
  end
  local offset, epoch = string.match(first, '^(%d+):(.*)$')
  if not offset then
    broken('idempotency key')
  end
  return { offset, epoch, 'known' }
end

-- A server may forbid one of the commands that follow the first. Those of Redis 8 and Valkey do not take back the id of an
-- entry that was deleted: then the history goes, which those are told who come back, and the channel goes on.
local function undo(kept, onceKey, before)
  redis.pcall('XDEL', kept.stream, number(before + 1) .. '-0')
  if redis.pcall('XSETID', kept.stream, number(before) .. '-0').err then
    redis.pcall('DEL', kept.stream)
  end
  redis.pcall('HSET', kept.place, 'o', number(before))
  if kept.version then
    redis.pcall('HSET', kept.place, 'v', kept.newest or '0', 've', kept.newestEpoch or '')
  end
  if onceKey then
    redis.pcall('DEL', onceKey)
  end
end

local function deliver(bus, text, offset, epoch, onceKey, mark)
  if onceKey then
    redis.call('SET', onceKey, offset .. ':' .. epoch, 'PX', onceTtl)
  end
  redis.call('SPUBLISH', bus, (mark or '') .. 'p' .. offset .. ':' .. epoch .. ':' .. text)
end

-- All or nothing. What is written first is something that Redis refuses when it takes no new data (\`maxmemory\`): once a
-- function has written anything, nothing is refused any more. \`also\`: what else belongs to it, as \`run\` with the offset
-- and \`undo\`, and the mark of its message.
local function append(bus, text, kept, onceKey, place, also)
  if place.isNew then
    settle(kept.place, kept.stream, place, kept.placeTtl)
  end
  local offset = number(place.offset + 1)
  redis.call('XADD', kept.stream, 'MAXLEN', '=', kept.size, offset .. '-0', 'p', text)
  local isDone, reason = pcall(function()
    if not place.isNew then
      settle(kept.place, kept.stream, place, kept.placeTtl)
    end
    if kept.version then
      redis.call('HSET', kept.place, 'o', offset, 'v', kept.version, 've', kept.versionEpoch)
    else
      redis.call('HSET', kept.place, 'o', offset)
    end
    redis.call('PEXPIRE', kept.stream, kept.ttl)
    if also then
      also.run(offset)
    end
    deliver(bus, text, offset, place.epoch, onceKey, also and also.mark)
  end)
  if not isDone then
    if also then
      also.undo()
    end
    undo(kept, onceKey, place.offset)
    error(reason, 0)
  end
  return { offset, place.epoch, 'new' }
end
`;
