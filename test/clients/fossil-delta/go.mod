module fanfare.test/fossildelta

go 1.19

require github.com/shadowspore/fossil-delta v0.0.0-20241213113458-1d797d70cbe3
