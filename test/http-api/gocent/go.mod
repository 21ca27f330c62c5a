module fanfare.test/gocent

go 1.18

require github.com/centrifugal/gocent/v3 v3.3.0
