-- Counts one use against a rate limit. The same steps as RateLimit::decide, at one place for all processes.
-- KEYS[1]: the instant when the key will have paid for its uses, in microseconds.
-- ARGV[1]: microseconds one use takes to be paid for; ARGV[2]: those of the whole quota.
-- Returns {1, microseconds to be paid for} for a granted use, {0, microseconds to wait} for a refused one.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local paid_at = tonumber(redis.call('GET', KEYS[1])) or now
if paid_at < now then
    paid_at = now
end
paid_at = paid_at + tonumber(ARGV[1])
local debt = paid_at - now
local wait = debt - tonumber(ARGV[2])
if wait > 0 then
    return {0, wait}
end
-- Written out in full: by itself Lua keeps 14 digits of a number, and the instant has 16.
redis.call('SET', KEYS[1], string.format('%.0f', paid_at), 'PX', string.format('%.0f', math.ceil(debt / 1000)))
return {1, debt}
