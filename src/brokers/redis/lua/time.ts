/** Lua source: the time. */
export const time = `-- By the clock of the server, in milliseconds; it stands still while a function runs.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
`;
