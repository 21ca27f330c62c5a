-- Takes out one client. ARGV: client
mend(readTtlMs)
drop(ARGV[1])
return 1
