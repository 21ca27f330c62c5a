/** Lua source: the common beginning of the answer functions. */
export const answer = `-- Prelude of the answer functions. The answers of a channel are in three keys: their ids by the offsets of their last
-- changes, a hash of what is known of them, and when it has to be looked at them: at an open one because its producer may be
-- silent, at the others to forget them. The hash has of each answer r:<id>, its record; m:<id> and z:<id>, what it was opened
-- and ended with, as JSON in a string of JSON; and its body in pieces, c:0:<id>, c:1:<id>, … The place of its channel has
-- in a how many there are, and in f the newest offset of one that is forgotten.
-- KEYS: place, stream, pub/sub channel, order, values, ends
-- ARGV: ttl of unused answers, epoch to begin
local placeKey, streamKey, bus, orderKey, valuesKey, endsKey = unpack(KEYS, 1, 6)
local stateKeys = { orderKey, valuesKey, endsKey }
local idleMs, newEpoch = ARGV[1], ARGV[2]

-- Answers that one call interrupts or forgets because their time is over.
local maxDue = 20
-- An append writes the last piece of the body again, and no more.
local pieceSize = 4096
-- Fields that are read or removed at once.
local perStep = 500

local words = { 'number', 'run', 'seq', 'length', 'pieces', 'size', 'silence', 'ttl', 'state', 'content', 'cancelled' }
local numNumbers = 8

local function sizeOf(command, key)
  local size = redis.pcall(command, key)
  return type(size) == 'number' and size or -1
end

-- Where the channel is. If somebody has deleted one of the keys, written it, or let it be evicted, the others are worth
-- nothing: it begins again without answers, in a new epoch.
local function open()
  local place = look(placeKey, newEpoch)
  local known = place.isNew and {} or redis.call('HMGET', placeKey, 'a', 'f')
  place.numAnswers, place.forgotten = tonumber(known[1] or '0'), tonumber(known[2] or '0')
  if not place.numAnswers or not place.forgotten then
    broken('place')
  end
  local numFields = sizeOf('HLEN', valuesKey)
  local isWhole = sizeOf('ZCARD', orderKey) == place.numAnswers
    and sizeOf('ZCARD', endsKey) == place.numAnswers
    and numFields >= place.numAnswers
    and (numFields == 0) == (place.numAnswers == 0)
  if isWhole then
    return place
  end
  redis.call('UNLINK', unpack(stateKeys))
  place.numAnswers = 0
  if not place.isNew then
    place.epoch = newEpoch
    place.changes = { 'a', '0', unpack(begun(newEpoch)) }
  end
  return place
end

-- Writes what is known of the place, and that the answers are in use.
local function settled(place)
  settle(placeKey, streamKey, place, idleMs)
  place.isNew, place.changes = nil, nil
  for _, key in ipairs(stateKeys) do
    redis.call('PEXPIRE', key, idleMs)
  end
  return place
end

local function load(id)
  local record = redis.call('HGET', valuesKey, 'r:' .. id)
  if not record then
    return nil
  end
  local found, i = { id = id }, 0
  for word in string.gmatch(record, '%S+') do
    i = i + 1
    if not words[i] then
      broken('answer')
    end
    found[words[i]] = i <= numNumbers and tonumber(word) or word
  end
  if i ~= #words then
    broken('answer')
  end
  return found
end

local function recordOf(answer)
  local list = {}
  for i, name in ipairs(words) do
    list[i] = i <= numNumbers and number(answer[name]) or answer[name]
  end
  return table.concat(list, ' ')
end

local function isFinal(answer)
  return answer.state == 'closed' or answer.state == 'failed'
end

local function pieceOf(answer, n)
  return 'c:' .. number(n) .. ':' .. answer.id
end

local function bodyOf(answer)
  local body = {}
  for first = 0, answer.pieces, perStep do
    local names = {}
    for n = first, math.min(first + perStep - 1, answer.pieces) do
      names[#names + 1] = pieceOf(answer, n)
    end
    for _, piece in ipairs(redis.call('HMGET', valuesKey, unpack(names))) do
      body[#body + 1] = piece or ''
    end
  end
  return table.concat(body)
end

local function waitOf(answer)
  return answer.state == 'open' and answer.silence or answer.ttl
end

local function heard(answer)
  redis.call('ZADD', endsKey, number(now() + waitOf(answer)), answer.id)
end

-- Tells the nodes what has changed. part: body, length, state, id, meta and result, as far as there are
local function tell(place, answer, from, part)
  local head = {
    '{"answer":' .. number(answer.number),
    '"from":' .. number(from),
    '"content":"' .. answer.content .. '"',
    '"length":' .. number(part.length or 0),
  }
  if part.state then
    head[#head + 1] = '"state":"' .. part.state .. '"'
  end
  for _, name in ipairs({ 'id', 'meta', 'result' }) do
    if part[name] then
      head[#head + 1] = '"' .. name .. '":' .. part[name]
    end
  end
  local message = number(place.offset) .. ':' .. place.epoch .. ':' .. table.concat(head, ',') .. '}' .. '\\n'
  redis.call('SPUBLISH', bus, 't' .. number(waitOf(answer)) .. ':a' .. message .. (part.body or ''))
end

-- One change. What is written first is something that Redis refuses when it takes no new data. sets: fields and values
local function change(place, answer, from, part, sets)
  sets = sets or {}
  sets[#sets + 1], sets[#sets + 2] = 'r:' .. answer.id, recordOf(answer)
  redis.call('HSET', valuesKey, unpack(sets))
  local offset = place.offset + 1
  redis.call('ZADD', orderKey, number(offset), answer.id)
  heard(answer)
  settled(place)
  place.offset = offset
  redis.call('HSET', placeKey, 'o', number(offset), 'a', number(place.numAnswers), 'f', number(place.forgotten))
  tell(place, answer, from, part)
end

local function forget(place, answer)
  local offset = tonumber(redis.call('ZSCORE', orderKey, answer.id) or '0')
  local names = { 'r:' .. answer.id, 'm:' .. answer.id, 'z:' .. answer.id }
  for n = 0, answer.pieces do
    names[#names + 1] = pieceOf(answer, n)
    if #names >= perStep then
      redis.call('HDEL', valuesKey, unpack(names))
      names = {}
    end
  end
  if #names > 0 then
    redis.call('HDEL', valuesKey, unpack(names))
  end
  redis.call('ZREM', orderKey, answer.id)
  redis.call('ZREM', endsKey, answer.id)
  place.numAnswers, place.forgotten = place.numAnswers - 1, math.max(place.forgotten, offset)
  redis.call('HSET', placeKey, 'a', number(place.numAnswers), 'f', number(place.forgotten))
end

-- Its time is over: its producer is silent, or nobody needs it any more.
local function finish(place, id)
  local found = load(id)
  if not found then
    broken('answer')
  elseif found.state == 'open' then
    found.state = 'interrupted'
    change(place, found, found.length, { state = 'interrupted' })
  else
    forget(place, found)
  end
end

-- Returns whether that may not be all of them.
local function finishDue(place)
  local due = redis.call('ZRANGEBYSCORE', endsKey, '-inf', number(now()), 'LIMIT', 0, maxDue)
  for _, id in ipairs(due) do
    finish(place, id)
  end
  return #due == maxDue
end

local function nextDue()
  local first = redis.call('ZRANGE', endsKey, 0, 0, 'WITHSCORES')
  return first[2] and number(math.max(0, tonumber(first[2]) - now())) or ''
end
`;
