-- Takes out one client. ARGV: client
drop(ARGV[1])
return 1
