/** Lua sources: reading answers, and forgetting those that have ended. */

export const answerRead = `-- Reads answers in the order of their last changes, or one, once none is left whose time is over.
-- ARGV: …, most answers, 1 for newest first, offset to begin after (or before) or nothing, id or nothing
-- Answers with offset and epoch of the top, the newest offset of a forgotten answer, milliseconds until it has to be looked
-- again or nothing, 1 if there are more to look at first; then of each answer id, offset, record, meta, result and body.
local limit, isReverse, since, id = tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5], ARGV[6]

local place = open()
local isMore = finishDue(place)
settled(place)
local page = { number(place.offset), place.epoch, number(place.forgotten), nextDue(), isMore and '1' or '' }
if isMore or (limit == 0 and id == '') then
  return page
end

local ids
if id ~= '' then
  ids = redis.call('ZSCORE', orderKey, id) and { id } or {}
elseif isReverse then
  ids = redis.call('ZREVRANGEBYSCORE', orderKey, since ~= '' and '(' .. since or '+inf', '-inf', 'LIMIT', 0, limit)
else
  ids = redis.call('ZRANGEBYSCORE', orderKey, since ~= '' and '(' .. since or '-inf', '+inf', 'LIMIT', 0, limit)
end
for _, each in ipairs(ids) do
  local found = load(each)
  if not found then
    broken('answer')
  end
  local more = redis.call('HMGET', valuesKey, 'm:' .. each, 'z:' .. each)
  page[#page + 1], page[#page + 2] = each, number(tonumber(redis.call('ZSCORE', orderKey, each)))
  page[#page + 1], page[#page + 2] = recordOf(found), more[1] or ''
  page[#page + 1], page[#page + 2] = more[2] or '', bodyOf(found)
end
return page
`;

export const answerRemove = `-- Forgets the answers that have ended. If what is kept makes no sense, all of it goes, and the epoch with it.
local place = open()
local isBroken = false
for _, id in ipairs(redis.call('ZRANGE', orderKey, 0, -1)) do
  local isRead, found = pcall(load, id)
  if not isRead or not found then
    isBroken = true
  elseif isFinal(found) then
    forget(place, found)
  end
end
if isBroken then
  redis.call('UNLINK', unpack(stateKeys))
  place.epoch, place.changes = newEpoch, { 'a', '0', unpack(begun(newEpoch)) }
end
settled(place)
return 1
`;
