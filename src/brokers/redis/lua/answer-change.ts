/** Lua source: changes an answer, by the rules of brokers/answer-state.ts. */
export const answerChange = `-- Changes an answer.
-- ARGV: …, kind, id, run or nothing, seq or nothing, body, its length, content, id as JSON, meta and result in strings of JSON
--   or nothing, state to end in, most answers of the channel, ttl, greatest size, silence after which it is interrupted, size of
--   what is added
-- Answers with \`no\`, why and seq; or with \`made\` or \`same\`, offset and epoch of its last change, number, run, seq, length,
-- state, 1 if it is cancelled.
local kind, id, run, seq, body, length, content, idText, meta, result, state = unpack(ARGV, 3, 13)
local size, ttl, maxSize, silence = tonumber(ARGV[14]), tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local addedSize = tonumber(ARGV[18])

local place = open()
finishDue(place)
local dueAt = redis.call('ZSCORE', endsKey, id)
if dueAt and tonumber(dueAt) <= now() then
  finish(place, id)
end
local answer = load(id)

local function refused(why)
  return { 'no', why, number(answer and answer.seq or 0) }
end

local function status(what)
  local offset = redis.call('ZSCORE', orderKey, id)
  return {
    what, number(tonumber(offset)), place.epoch, number(answer.number), number(answer.run), number(answer.seq),
    number(answer.length), answer.state, answer.cancelled,
  }
end

local function made(part, sets)
  local from = part.from or answer.length
  answer.silence, answer.ttl = silence, ttl
  change(place, answer, from, part, sets)
  return status('made')
end

-- A sign of life.
local function alive()
  if answer.state == 'interrupted' then
    answer.state = 'open'
    return made({ state = 'open' })
  end
  heard(answer)
  settled(place)
  return status('made')
end

-- Forgets the oldest that is not open, if there are as many as there may be.
local function makeRoom()
  for _, other in ipairs(redis.call('ZRANGE', orderKey, 0, -1)) do
    if place.numAnswers < size then
      return true
    end
    local found = load(other)
    if found and found.state ~= 'open' then
      forget(place, found)
    end
  end
  return place.numAnswers < size
end

if kind == 'open' then
  if answer then
    if isFinal(answer) then
      return refused('ended')
    end
    if run ~= '' then
      return tonumber(run) == answer.run and alive() or refused('fenced')
    end
    answer.run, answer.seq, answer.state = place.offset + 1, 0, 'open'
    return made({ state = 'open' })
  end
  if run ~= '' then
    return refused('absent')
  end
  if addedSize > maxSize then
    return refused('long')
  end
  if not makeRoom() then
    return refused('full')
  end
  local first = place.offset + 1
  answer = {
    id = id, number = first, run = first, seq = 0, length = 0, pieces = 0, size = addedSize,
    state = 'open', content = content, cancelled = '0',
  }
  place.numAnswers = place.numAnswers + 1
  local hasMeta = meta ~= ''
  return made({ id = idText, meta = hasMeta and meta or nil, state = 'open' }, hasMeta and { 'm:' .. id, meta } or nil)
end

if not answer then
  return refused('absent')
end
if kind == 'cancel' then
  if isFinal(answer) then
    return refused('ended')
  end
  if answer.cancelled == '1' then
    return status('same')
  end
  answer.cancelled = '1'
  redis.call('HSET', valuesKey, 'r:' .. id, recordOf(answer))
  settled(place)
  return status('made')
end
if tonumber(run) ~= answer.run then
  return refused('fenced')
end

if kind == 'append' then
  local n = seq == '' and answer.seq + 1 or tonumber(seq)
  if n <= answer.seq then
    heard(answer)
    return status('same')
  end
  if isFinal(answer) then
    return refused('ended')
  end
  if n > answer.seq + 1 then
    return refused('gap')
  end
  if answer.size + addedSize + 1 > maxSize then
    return refused('long')
  end
  local from, added = answer.length, tonumber(length)
  local isApart = answer.content == 'items' and from > 0 and added > 0
  local stored = isApart and ',' .. body or body
  local field = pieceOf(answer, answer.pieces)
  local last = redis.call('HGET', valuesKey, field) or ''
  if last ~= '' and #last + #stored > pieceSize then
    answer.pieces = answer.pieces + 1
    field, last = pieceOf(answer, answer.pieces), ''
  end
  local isResumed = answer.state == 'interrupted'
  answer.seq, answer.length, answer.state = n, from + added, 'open'
  answer.size = answer.size + addedSize + (isApart and 1 or 0)
  local part = { from = from, body = body, length = added, state = isResumed and 'open' or nil }
  return made(part, { field, last .. stored })
end

if kind == 'end' then
  if answer.state == state then
    return status('same')
  end
  if isFinal(answer) then
    return refused('ended')
  end
  if seq ~= '' and tonumber(seq) > answer.seq then
    return refused('gap')
  end
  if answer.size + addedSize > maxSize then
    return refused('long')
  end
  answer.state, answer.size = state, answer.size + addedSize
  local hasResult = result ~= ''
  return made({ state = state, result = hasResult and result or nil }, hasResult and { 'z:' .. id, result } or nil)
end

return isFinal(answer) and refused('ended') or alive()
`;
